"""What the page of the REST API says, and from what drf-spectacular describes the API."""

from pathlib import Path

API_SUMMARY = (
    "Subscriptions, orders, customers and products of a merchant, compatible with clients of Ordergroove's API."
)
API_DOCS = (Path(__file__).parent.parent / "docs/developers/rest.md").read_text()
# What the page says before its examples of each resource.
API_GUIDE = API_DOCS[API_DOCS.index("## Credentials") : API_DOCS.index("## customers")].strip()
SPECTACULAR_SETTINGS = {
    "ENFORCE_NON_BLANK_FIELDS": True,
    "TITLE": "Reprise",
    "VERSION": "1",
    "DESCRIPTION": f"{API_SUMMARY}\n\n{API_GUIDE}",
    "SCHEMA_PATH_PREFIX": "/api/",
    "PREPROCESSING_HOOKS": ["subscriptions.api.schema.keep_api_endpoints"],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enum_id_removal",
        "subscriptions.api.schema.add_links",
    ],
    "SERVE_AUTHENTICATION": [],
    "COMPONENT_SPLIT_PATCH": False,
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}
