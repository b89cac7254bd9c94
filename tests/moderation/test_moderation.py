"""Hide with a reason, restore, and a log the whole cohort reads."""

from tests.conftest import Cast


def test_hiding_is_told_with_its_reason(cast: Cast) -> None:
    post_id = cast.ben.post("/feed", body="Call Jan on 0470 12 34 56").location.rpartition("-")[2]
    cast.cleo.post(f"/posts/{post_id}/replies", body="a reply keeps the trace in the feed")
    assert cast.tess.post(f"/posts/{post_id}/hiding", reason="  ").status_code == 422
    response = cast.tess.post(f"/posts/{post_id}/hiding", reason="holds a private number")
    assert response.status_code == 303
    for actor in (cast.ben, cast.cleo):
        thread = actor.get(f"/posts/{post_id}").text
        assert "0470" not in thread
        assert "holds a private number" in thread
        log = actor.get("/decisions").text
        assert "holds a private number" in log
        assert "0470" not in log
    assert "0470" not in cast.ben.get(f"/posts/{post_id}/history").text
    assert cast.ben.post(f"/posts/{post_id}/edit", body="still here?").status_code == 409
    assert "holds a private number" in cast.tess.get("/moderation").text
    cast.tess.post(f"/posts/{post_id}/hiding/withdrawal")
    assert "0470" in cast.cleo.get(f"/posts/{post_id}").text


def test_deleting_ones_own_is_not_in_the_public_log(cast: Cast) -> None:
    post_id = cast.ben.post("/feed", body="never mind").location.rpartition("-")[2]
    cast.ben.post(f"/posts/{post_id}/deletion")
    assert "never mind" not in cast.cleo.get("/decisions").text
    assert "Ben Test" not in cast.cleo.get("/decisions").text


def test_two_trainers_acts_at_once_end_in_words(cast: Cast) -> None:
    post_id = cast.ben.post("/feed", body="x").location.rpartition("-")[2]
    cast.tess.post(f"/posts/{post_id}/hiding", reason="first")
    late = cast.tess.post(f"/posts/{post_id}/hiding", reason="second, with care")
    assert late.status_code == 409
    assert "second, with care" in late.text
