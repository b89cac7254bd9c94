"""Open edX as an LMS: lti-consumer-xblock's own consumer, the one its courses use, around none of our code.

Django keeps one set of settings a process, so they are made here, once, and with nothing in them that needs a database.
"""

import json
import warnings
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.lms import Lms, private_key


def _prepared() -> tuple[Any, Any, Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what they import (webob asks for cgi, which is leaving Python)
        import django
        from django.conf import settings

        if not settings.configured:
            memory = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
            settings.configure(
                SECRET_KEY="open-edx", PLATFORM_NAME="Open edX", INSTALLED_APPS=[], CACHES=memory, DATABASES={}
            )
            django.setup()
        from lti_consumer import data
        from lti_consumer.lti_1p3 import constants, consumer

        return consumer, data, constants


consumer, data, constants = _prepared()

ISSUER = "https://courses.edx.example"
CLIENT_ID = "edx-sociallearn"
DEPLOYMENT_ID = "7"
TOOL = "http://localhost:8000"
COURSE = "course-v1:Acme+Cohort+2026"
LINE_ITEM = ISSUER + "/api/lti_consumer/v1/lti/1/lti-ags/2"
LINE_ITEMS = ISSUER + "/api/lti_consumer/v1/lti/1/lti-ags"
MEMBERSHIPS = ISSUER + "/api/lti_consumer/v1/lti/1/memberships"
RETURN_URL = ISSUER + "/api/lti_consumer/v1/lti/1/lti-dl/response"
SCOPE = {name.rsplit("/", 1)[-1]: name for name in constants.LTI_1P3_ACCESS_TOKEN_SCOPES}


@dataclass
class OpenEdx:
    """One Open edX with our tool in a course. ``tool_keys``: where it reads our keys; ``key``: what it signs with."""

    tool_keys: str
    key: str = "edx"
    served: list[str] = field(default_factory=list)  # scopes under which its services were called

    def registration(self) -> Lms:
        """What stands about it in ``lti_config.json``: its own key set, as it publishes it."""
        keys = self.consumer().get_public_keyset()
        return Lms(ISSUER, CLIENT_ID, DEPLOYMENT_ID, extra={"key_set": keys})

    def consumer(self) -> Any:
        """A consumer as the XBlock makes one for each request."""
        made = consumer.LtiAdvantageConsumer(
            iss=ISSUER,
            lti_oidc_url=TOOL + "/lti/login",
            lti_launch_url=TOOL + "/lti/launch",
            client_id=CLIENT_ID,
            deployment_id=DEPLOYMENT_ID,
            rsa_key=private_key(self.key),
            rsa_key_id="edx-1",
            redirect_uris=[TOOL + "/lti/launch"],
            tool_keyset_url=self.tool_keys,
        )
        made.enable_ags(LINE_ITEMS, LINE_ITEM, allow_programmatic_grade_interaction=True)
        made.enable_nrps(MEMBERSHIPS)
        made.enable_deep_linking(TOOL + "/lti/launch", RETURN_URL)
        return made

    def launch(
        self, browser: FlaskClient, user: str, role: str, message: str = "LtiResourceLinkRequest", **custom: str
    ) -> TestResponse:
        """All of a launch: their address, our login, their answer to our redirect, our launch."""
        edx = self.consumer()
        wanted = data.Lti1p3LaunchData(
            user_id=user, user_role=role, config_id="1", resource_link_id="block-1", message_type=message
        )
        address = urlsplit(edx.prepare_preflight_url(wanted))
        login = browser.get(f"{address.path}?{address.query}", base_url=TOOL)
        assert login.status_code == 302, login.text
        edx.set_user_data(user, role, full_name=user.title() + " Edx", email_address=user + "@edx.example")
        edx.set_resource_link_claim("block-1", title="Join in")
        edx.set_context_claim(COURSE, [constants.LTI_1P3_CONTEXT_TYPE.course_offering], "Open cohort", "OC1")
        edx.set_launch_presentation_claim("iframe")
        edx.set_custom_parameters(custom)
        answer = edx.generate_launch_request(dict(parse_qsl(urlsplit(login.location).query)))
        return browser.post("/lti/launch", data=answer, base_url=TOOL)

    def token_endpoint(self, request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        """Their answer to our token request, as the view around ``access_token`` gives it. For ``responses``."""
        form = dict(parse_qsl(str(request.body)))
        try:
            return 200, {}, json.dumps(self.consumer().access_token(form))
        except Exception as error:
            return 400, {}, json.dumps({"error": "invalid_client", "was": type(error).__name__})

    def service(self, scope: str, status: int, body: object) -> Any:
        """A service behind one scope: 401 unless their own check lets our token through. For ``responses``."""

        def answer(request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
            token = str(request.headers.get("Authorization", "")).removeprefix("Bearer ")
            try:
                allowed = self.consumer().check_token(token, [scope])
            except Exception:
                allowed = False
            if not allowed:
                return 401, {}, json.dumps({"error": "not allowed"})
            self.served.append(scope)
            return status, {}, json.dumps(body)

        return answer
