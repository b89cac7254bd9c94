"""Completing: links to the tool lead through the reader's seat, and nothing else changes."""

from sociallearn.text.completing import complete
from sociallearn.text.rendering import render


def test_links_to_the_tool_lead_through_the_readers_seat():
    html = render("[hier](/-/questions/9) en https://a.be/-/x", tool_url="https://tool.test")
    assert complete(html, "/s/q1") == html.replace('"/-/questions/9"', '"/s/q1/questions/9"')


def test_text_that_looks_like_a_link_stays_text():
    html = render('href="/-/feed" <a href="/-/feed">x</a> `<a href="/-/feed">`')
    assert complete(html, "/s/q1") == html
