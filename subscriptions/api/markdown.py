"""The OpenAPI description as Markdown, for tools that read text."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

METHODS = ("get", "post", "put", "patch", "delete")
Described = dict[str, Any]


def write_reference(schema: Described) -> str:
    """The whole description: how to call, each operation by resource, each object, each error."""
    shared = _shared_headers(schema)
    parts = [f"# {schema['info']['title']} REST API", schema["info"]["description"], *_write_credentials(schema)]
    parts += ["## Headers", _table(["header", "meaning"], ([f"`{name}`", text] for name, text in shared.items()))]
    parts += ["## Errors", _table(["status", "meaning", "example"], _usual_errors(schema).values())]
    for tag, operations in by_resource(schema).items():
        parts += [f"## /api/{tag}/"]  # unlike any name of an object, because headings are linked to
        for method, path, operation in operations:
            parts += _write_operation(method, path, operation, schema)
    parts += ["## Objects"]
    for name, component in sorted(schema["components"]["schemas"].items()):
        parts += [f"### {name}", component.get("description", ""), *_write_fields(component)]
    return "\n\n".join(part for part in parts if part) + "\n"


def write_index(schema: Described, root: str) -> str:
    """What llmstxt.org describes: a summary, and links to where each operation is explained."""
    summary = schema["info"]["description"].splitlines()[0]
    lines = [f"# {schema['info']['title']}", "", f"> {summary}", ""]
    lines += [
        f"- [The whole API as Markdown]({root}/api/docs.md)",
        f"- [The same as OpenAPI 3.1]({root}/api/schema/)",
    ]
    for tag, operations in by_resource(schema).items():
        lines += ["", f"## {tag}", ""]
        for method, path, operation in operations:
            title = f"{method.upper()} {path}"
            lines.append(f"- [{title}]({root}/api/docs.md#{anchor(title)}): {_first_line(operation)}")
    return "\n".join(lines) + "\n"


def by_resource(schema: Described) -> dict[str, list[tuple[str, str, Described]]]:
    """Method, path and description of each operation, by the resource it belongs to."""
    found: dict[str, list[tuple[str, str, Described]]] = {}
    for method, path, operation in operations_of(schema):
        found.setdefault(operation["tags"][0], []).append((method, path, operation))
    return found


def operations_of(schema: Described) -> Iterator[tuple[str, str, Described]]:
    for path, methods in schema["paths"].items():
        for method in METHODS:
            if method in methods:
                yield method, path, methods[method]


def anchor(title: str) -> str:
    """The name by which Markdown viewers link to a heading."""
    kept = "".join(sign for sign in title.lower() if sign.isalnum() or sign in " -_")
    return kept.replace(" ", "-")


def _write_credentials(schema: Described) -> list[str]:
    schemes = schema["components"]["securitySchemes"].items()
    rows = ([f"`{name}`", f"`{scheme['name']}`", scheme["description"]] for name, scheme in schemes)
    return ["## Names of credentials", _table(["credential", "header", "meaning"], rows)]


def _shared_headers(schema: Described) -> dict[str, str]:
    """Request headers by name. They mean the same wherever they are named."""
    return {
        parameter["name"]: parameter["description"]
        for _, _, operation in operations_of(schema)
        for parameter in operation["parameters"]
        if parameter["in"] == "header"
    }


def _usual_errors(schema: Described) -> dict[str, list[str]]:
    """The row of each status: what it means to most operations that can fail so."""
    found: dict[str, Counter[tuple[str, str]]] = {}
    for _, _, operation in operations_of(schema):
        for status, response in operation["responses"].items():
            if status >= "400":
                found.setdefault(status, Counter())[(response["description"], _example(response))] += 1
    return {status: [status, *count.most_common(1)[0][0]] for status, count in sorted(found.items())}


def _write_operation(method: str, path: str, operation: Described, schema: Described) -> list[str]:
    parts = [f"### {method.upper()} {path}", operation.get("description", "")]
    allowed = [
        f"`{name}`" + (f" ({rights[0]})" if rights else "")
        for need in operation["security"]
        for name, rights in need.items()
    ]
    parts.append(f"Credentials: {', '.join(allowed) or 'none'}.")
    own = [parameter for parameter in operation["parameters"] if parameter["in"] != "header"]
    rows = [
        [f"`{each['name']}`", each["in"], describe_type(each["schema"]), each.get("description", "")] for each in own
    ]
    parts += [_table(["parameter", "in", "type", "meaning"], rows)] if rows else []
    headers = [f"`{each['name']}`" for each in operation["parameters"] if each["in"] == "header"]
    parts.append(f"Headers: {', '.join(headers)}.")
    for content in operation.get("requestBody", {}).get("content", {}).values():
        parts.append(f"Body: {describe_type(content['schema'])}.")
    return [*parts, _write_answers(operation, _usual_errors(schema))]


def _write_answers(operation: Described, usual: dict[str, list[str]]) -> str:
    lines = []
    for status, response in sorted(operation["responses"].items()):
        types = [describe_type(content["schema"]) for content in response.get("content", {}).values()]
        if status < "400":
            lines.append(f"- {status}: {', '.join(types) or response['description'] or 'no body'}")
        elif usual[status][1:] != [response["description"], _example(response)]:
            lines.append(f"- {status}: {response['description']} {_example(response)}")
    others = [status for status in sorted(operation["responses"]) if status >= "400"]
    return "\n".join([*lines, f"- errors: {', '.join(others)}"])


def _write_fields(component: Described) -> list[str]:
    if "properties" not in component:
        return [describe_type(component)]
    required = component.get("required", [])
    rows = (
        [f"`{name}`", describe_type(field), "yes" if name in required else "", field.get("description", "")]
        for name, field in component["properties"].items()
    )
    return [_table(["field", "type", "always there", "meaning"], rows)]


def describe_type(schema: Described) -> str:
    """A JSON Schema in a few words."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{anchor(name)})"
    for word in ("anyOf", "oneOf", "allOf"):
        if word in schema:
            return " or ".join(dict.fromkeys(describe_type(each) for each in schema[word]))
    if "enum" in schema or "const" in schema:
        return " or ".join(f"`{json.dumps(value)}`" for value in schema.get("enum", [schema.get("const")]))
    kinds = schema.get("type", "any value")
    text = " or ".join(kinds) if isinstance(kinds, list) else str(kinds)
    if "items" in schema:
        text += f" of {describe_type(schema['items'])}"
    details = [schema[word] for word in ("format",) if word in schema]
    details += [f"{label} {schema[word]}" for word, label in LIMITS.items() if word in schema]
    if "pattern" in schema and "example" not in schema:
        details.append(f"`{schema['pattern']}`")
    if "example" in schema:
        details.append(f"such as `{json.dumps(schema['example'])}`")
    return f"{text} ({', '.join(details)})" if details else text


LIMITS = {"minimum": "from", "maximum": "to", "minLength": "at least", "maxLength": "at most"}


def _example(response: Described) -> str:
    content = next(iter(response["content"].values()))
    return f"`{json.dumps(content['example'])}`"


def _first_line(operation: Described) -> str:
    text: str = operation.get("description", "")
    return text.partition("\n")[0]


def _table(titles: list[str], rows: Any) -> str:
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join("| " + " | ".join(_cell(text) for text in line) + " |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
