"""The description of the API: what the official validator of OpenAPI documents says of it."""

import json
import os
import urllib.request

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

ADDRESS = os.environ["INTERLINE_URL"].removesuffix("/v1").removesuffix("/api")


def fetched(path):
    with urllib.request.urlopen(f"{ADDRESS}{path}", timeout=20) as answer:
        assert answer.headers.get_content_type() == "application/json"
        return json.load(answer)


def test_the_document_is_valid():
    faults = OpenAPIV31SpecValidator(fetched("/api/v1/openapi.json")).iter_errors()
    assert [fault.message for fault in faults] == []


def test_a_document_that_is_not_valid_is_found_out():
    document = fetched("/api/v1/openapi.json")
    del document["paths"]["/models/{author}/{slug}"]["get"]["parameters"]
    assert list(OpenAPIV31SpecValidator(document).iter_errors()) != []


@pytest.mark.parametrize("path", ["/openapi.json", "/v1/openapi.json", "/v1/openapi.json/"])
def test_the_document_is_the_same_wherever_it_is_looked_for(path):
    assert fetched(path) == fetched("/api/v1/openapi.json")
