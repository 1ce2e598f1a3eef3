"""The table of calls as an OpenAPI description: our own, in the words of this package."""

from __future__ import annotations

import re
from typing import Any, Final

from qmode_jupyter.ibm.server.calls import CLOUD, OPERATIONS, Operation

_ERROR: Final = {"$ref": "#/components/schemas/Error"}
_HEADERS: Final = [
    {"name": "Service-CRN", "in": "header", "required": True, "schema": {"type": "string"}},
    {"name": "IBM-API-Version", "in": "header", "required": False, "schema": {"type": "string"}},
]
_REFUSALS: Final = {
    "400": "Something in the request can't be right",
    "401": "The token is missing, wrong or no longer valid",
    "404": "There is no such thing",
    "409": "Not in this state",
    "410": "The service was closed",
    "413": "The body is too large",
    "429": "Too many requests",
}


def description() -> dict[str, Any]:
    """Return the description, as OpenAPI 3.1 has it."""
    paths: dict[str, dict[str, Any]] = {}
    for prefix, operations in (("/api/v1", OPERATIONS), ("", CLOUD)):
        for operation in operations:
            paths.setdefault(prefix + operation.path, {})[operation.method.lower()] = _described(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "qmode_jupyter",
            "version": "2026-04-15",
            "description": "An emulated service of IBM Quantum, on this machine, that IBM's client talks to.",
        },
        "paths": paths,
        "components": {
            "schemas": {
                "Error": {
                    "type": "object",
                    "required": ["errors", "trace"],
                    "properties": {
                        "errors": {
                            "type": "array",
                            "items": {
                                "type": "object",
                                "required": ["code", "message"],
                                "properties": {
                                    "code": {"type": "integer"},
                                    "message": {"type": "string"},
                                    "solution": {"type": "string"},
                                    "more_info": {"type": "string"},
                                },
                            },
                        },
                        "trace": {"type": "string"},
                    },
                }
            },
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _described(operation: Operation) -> dict[str, Any]:
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
        for name in re.findall(r"{(\w+)}", operation.path)
    ]
    parameters += [
        {"name": name, "in": "query", "schema": schema} for name, schema in operation.query.items()
    ]
    if operation.asks == "instance":
        parameters += _HEADERS
    answers: dict[str, Any] = {str(operation.status): _answer(operation)}
    if operation.path.endswith(("/results", "/logs")):
        answers["204"] = {"description": "Nothing, or nothing yet"}
    answers |= {
        status: {"description": text, "content": {"application/json": {"schema": _ERROR}}}
        for status, text in _REFUSALS.items()
    }
    found: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "parameters": parameters,
        "responses": answers,
        "security": [] if operation.asks == "anybody" else [{"token": []}],
    }
    if operation.body is not None:
        kind = "application/x-www-form-urlencoded" if operation.form else "application/json"
        found["requestBody"] = {"required": True, "content": {kind: {"schema": operation.body}}}
    return found


def _answer(operation: Operation) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": operation.summary}
    if operation.answer is not None:
        answer["content"] = {"application/json": {"schema": operation.answer}}
    elif operation.status == 200:
        answer["content"] = {"text/plain": {"schema": {"type": "string"}}}
    return answer
