"""What stands at which address, without any client: keys, slashes, methods, errors, browsers."""

import gzip
import http.client
import json
import os
import socket
import urllib.parse

import pytest

from conftest import CLAUDE, SMALL, says

KEY = os.environ["INTERLINE_KEY"]
BEARER = {"Authorization": f"Bearer {KEY}"}
CHAT = {"model": SMALL, "max_tokens": 5, "messages": says("Hi.")}
CONTENTS = {"contents": [{"parts": [{"text": "Hi."}]}]}
GENERATE = f"/v1beta/models/{SMALL}:generateContent"
VERSION = {"anthropic-version": "2023-06-01"}


def ask(method, path, headers=(), body=None):
    """Status, headers and body of an answer; JSON is parsed."""
    address = urllib.parse.urlsplit(os.environ["INTERLINE_URL"]).netloc
    connection = http.client.HTTPConnection(address, timeout=20)
    body = json.dumps(body) if isinstance(body, dict) else body
    connection.request(method, path, body=body, headers=dict(headers))
    answer = connection.getresponse()
    told, kind = answer.read(), answer.headers.get_content_type()
    connection.close()
    told = json.loads(told) if told and kind == "application/json" else told
    return answer.status, answer.headers, told


@pytest.mark.parametrize("base", ["/api/v1", "/v1"])
@pytest.mark.parametrize("route", ["/chat/completions", "/messages"])
@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("header", ["Authorization", "x-api-key", "x-goog-api-key"])
def test_a_key_opens_every_address_in_every_header(base, route, slash, header):
    key = {header: f"Bearer {KEY}" if header == "Authorization" else KEY}
    status, _, _ = ask("POST", f"{base}{route}{slash}", key, CHAT)
    assert status == 200


@pytest.mark.parametrize("base", ["", "/api"])
def test_a_key_in_the_query_opens_gemini_s_addresses_and_no_other(base):
    assert ask("POST", f"{base}{GENERATE}?key={KEY}", body=CONTENTS)[0] == 200
    assert ask("POST", f"{base}{GENERATE}?alt=json&key={KEY}", body=CONTENTS)[0] == 200
    assert ask("POST", f"{base}{GENERATE}?key=", body=CONTENTS)[0] == 401
    assert ask("POST", f"/api/v1/chat/completions?key={KEY}", body=CHAT)[0] == 401


def shape_of(told):
    """The dialect whose form of an error this is."""
    if told.get("type") == "error":
        return "anthropic"
    if isinstance(told["error"], str):
        return "ollama"
    return "gemini" if "status" in told["error"] else "openai"


DOORS = [
    ("/api/v1/chat/completions", CHAT, "openai"),
    ("/v1/responses", {"model": SMALL, "input": "Hi."}, "openai"),
    ("/v1/messages", CHAT, "anthropic"),
    ("/v1/messages/count_tokens", CHAT, "anthropic"),
    (GENERATE, CONTENTS, "gemini"),
    ("/api/chat", CHAT, "ollama"),
    ("/api/generate", {"model": SMALL, "prompt": "Hi."}, "ollama"),
]


@pytest.mark.parametrize(("path", "body", "shape"), DOORS)
def test_an_error_is_told_in_the_dialect_of_its_door(path, body, shape):
    status, _, told = ask("POST", path, body=body)
    assert (status, shape_of(told)) == (401, shape)
    status, _, told = ask("POST", path, BEARER, "{")
    assert (status, shape_of(told)) == (400, shape)
    status, headers, told = ask("PUT", path, BEARER, body)
    assert (status, shape_of(told)) == (405, shape)
    assert "POST" in headers["allow"]


@pytest.mark.parametrize(
    ("path", "near", "shape"),
    [
        ("/chat/completions", "/api/v1/chat/completions", "openai"),
        ("/api/chat/completions", "/api/v1/chat/completions", "openai"),
        ("/api/v1/v1/messages", "/api/v1/messages", "anthropic"),
        ("/v1/v1/chat/completions", "/api/v1/chat/completions", "openai"),
        ("/v1beta/model", "/v1beta/models", "gemini"),
    ],
)
def test_a_wrong_base_url_is_told_the_nearest_address(path, near, shape):
    status, _, told = ask("POST", path, BEARER, CHAT)
    assert (status, shape_of(told)) == (404, shape)
    assert f"The nearest address is {near}." in json.dumps(told)


def test_an_unknown_model_is_what_each_dialect_s_clients_take_it_for():
    unknown = {**CHAT, "model": "acme/none"}
    assert ask("POST", "/v1/chat/completions", BEARER, unknown)[0] == 400
    status, _, told = ask("POST", "/v1/messages", BEARER, unknown)
    assert (status, told["error"]["type"]) == (404, "not_found_error")


def test_models_are_listed_in_the_caller_s_dialect():
    _, _, told = ask("GET", "/v1/models?limit=1000", VERSION)
    assert CLAUDE in {model["id"] for model in told["data"]}
    assert {model["type"] for model in told["data"]} == {"model"}
    assert told["has_more"] is False
    status, _, told = ask("GET", "/v1/models?limit=none", VERSION)
    assert (status, shape_of(told)) == (400, "anthropic")
    _, _, told = ask("GET", f"/v1/models/{CLAUDE}", VERSION)
    assert (told["type"], told["id"]) == ("model", CLAUDE)
    _, _, told = ask("GET", f"/v1/models/{urllib.parse.quote(CLAUDE, safe='')}")
    assert (told["object"], told["id"]) == ("model", CLAUDE)


@pytest.mark.parametrize("path", ["/", "/api", "/api/v1", "/v1/models"])
def test_whoever_only_looks_whether_somebody_is_there_finds_somebody(path):
    status, _, told = ask("HEAD", path)
    assert (status, told) == (200, b"")


def test_a_browser_may_call_with_the_headers_of_its_client():
    wanted = "x-api-key,anthropic-version,x-stainless-lang"
    status, headers, _ = ask(
        "OPTIONS",
        "/v1/messages",
        {
            "Origin": "https://app.example",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": wanted,
        },
    )
    assert status == 200
    assert headers["access-control-allow-origin"] == "*"
    assert headers["access-control-allow-headers"] == wanted
    assert "POST" in headers["access-control-allow-methods"]
    status, headers, _ = ask("POST", "/v1/messages", {"Origin": "https://app.example"}, CHAT)
    assert (status, headers["access-control-allow-origin"]) == (401, "*")


def test_a_packed_body_is_refused_in_words():
    packed = gzip.compress(json.dumps(CHAT).encode())
    headers = {**BEARER, "Content-Encoding": "gzip"}
    status, _, told = ask("POST", "/v1/messages", headers, packed)
    assert (status, shape_of(told)) == (400, "anthropic")
    assert "Content-Encoding" in told["error"]["message"]


def test_a_wish_for_a_websocket_is_refused_as_any_other_method():
    headers = {
        **BEARER,
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "x3JJHMbDL1EzLkh9GBhXDw==",
    }
    status, _, told = ask("GET", "/v1/responses", headers)
    assert (status, shape_of(told)) == (405, "openai")


def test_who_asks_before_it_sends_is_told_to_go_on():
    address = urllib.parse.urlsplit(os.environ["INTERLINE_URL"])
    body = json.dumps(CHAT).encode()
    head = (
        f"POST /v1/chat/completions HTTP/1.1\r\nHost: {address.netloc}\r\n"
        f"Authorization: Bearer {KEY}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n"
    )
    with socket.create_connection((address.hostname, address.port), timeout=20) as line:
        line.sendall(head.encode())
        assert line.recv(100).startswith(b"HTTP/1.1 100")
        line.sendall(body)
        told = b"".join(iter(lambda: line.recv(4096), b""))
    assert told.startswith(b"HTTP/1.1 200")
