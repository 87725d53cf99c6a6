"""Examples for the API's description, put together from one plausible value for each name that documents use.

Example:
    >>> example({"type": "array", "items": {"type": "string"}}, {}, "sources")
    ['purchase_transactions.total_amount']
"""

from __future__ import annotations

from typing import Any

from patron.metrics import registry

Schema = dict[str, Any]
REFERENCE = "#/components/schemas/"
DAY, MOMENT = "2025-06-30", "2025-07-01T02:00:04Z"
PARAMETERS: dict[str, Any] = {
    "by": "customer_segment",
    "cursor": "eyJzaWduZWQi",
    "favorite_product_category": ["Garden"],
    "format": "csv",
    "from": "2025-01-01",
    "kind": ["purchase", "return"],
    "limit": 20,
    "preferred_marketing_channel": ["email"],
    "q": "anna mill",
    "reason": "unknown_customer",
    "sort": "-total_lifetime_value",
    "table": "purchase_transactions",
}
"""What a request may say, where the parameter has no example of its own."""
VALUES: dict[str, Any] = {
    "action": "profile shown",
    "caller": "k7f3a9c2",
    "category": "Garden",
    "churn_risk_score": 1,
    "column": "total_lifetime_value",
    "columns": {"value": "Customers."},
    "content": '{"transaction_id": "7", "customer_id": "999"}',
    "csat": 0.71,
    "currency": "EUR",
    "cut_points": {"cut_point": 1, "recency": "2024-11-02", "frequency": 2, "monetary": 120.0},
    "customer_id": "42",
    "customer_segment": "Medium Value",
    "detail": None,
    "details": {"rows": 20},
    "email": "anna@example.com",
    "engagement_score": 145,
    "extras": {"sparkline": {"month": "The month's first day."}},
    "fact": {"product_id": "7", "quantity": 1, "total_amount": 19.99, "product_name": "Watering can"},
    "favorite_brand": "Acme",
    "figure": "revenue",
    "filters": {"customer_segment": ["High Value"]},
    "first_name": "Anna",
    "formula": "COALESCE(SUM(total_amount), 0)",
    "frequency_score": 4,
    "grain": "one row per customer",
    "id": "1007",
    "label": "Very low",
    "last_interaction_type": "inquiry",
    "last_name": "Miller",
    "masked": "email",
    "mean": 3.9,
    "meaning": "Sum of total_amount, returns included.",
    "monetary_score": 5,
    "month": "2025-06-01",
    "name": "customer_360",
    "next": None,
    "parameters": "high_value_above",
    "previous_value": 1100.25,
    "phone_number": "+1-555-010-0042",
    "preferred_marketing_channel": "email",
    "reads": "customer_features",
    "reason": "There is no customer 999.",
    "reason_code": "unknown_customer",
    "recency_score": 5,
    "request_id": "6f1d2c3b4a596877",
    "rfm_segment": "Champions",
    "score": 5,
    "settings": {"high_value_above": 10000},
    "share": 0.25,
    "source": "exports/2025-06-30",
    "source_file": "purchases.csv",
    "sources": "purchase_transactions.total_amount",
    "sql": "SELECT COUNT(*) AS value FROM customer_360",
    "stage": "purchase_statistics",
    "step": "purchase_statistics",
    "steps": "purchase_statistics",
    "subject": "42",
    "table": "purchase_transactions",
    "table_name": "purchase_transactions",
    "title": "Customers",
    "total": 1.0,
    "type": "DECIMAL(18, 2)",
    "unit": "money",
    "uses": "total_amount",
    "value": 1250.5,
    "version": "1.0.0",
}
"""What documents hold, by name; a number that is not here is 12, a day DAY and an instant MOMENT."""
TEXTS = {
    "text/csv": "customer_id,first_name,last_name\r\n42,Anna,Miller\r\n",
    "text/event-stream": 'event: progress\ndata: {"state": "running", "stage": "customer_features", "done": 0.4}\n\n',
    "text/plain": "patron_build_id 12.0\n",
}
OF_ITS_OWN: dict[str, Any] = {
    "AuditRow.role": "analyst",
    "Build.kind": "incremental",
    "FactTable.rows": {"transaction_id": "1007", "purchase_date": "2025-06-14", "total_amount": 19.99},
    "FilterChoice.value": "Garden",
    "FilterChoicesOfOne.name": "favorite_product_category",
    "Ingredient.name": "purchase_transactions.total_amount",
    "MetricMeaning.name": "total_customers",
    "TableMeaning.kind": "view",
    "TableColumns.kind": "view",
    "BuildStep.name": "customer_features",
    **{f"TotalCustomers{one}Row.value": 1250 for one in ("", "Sparkline")},
    **{
        f"{rate}Rate{one}Row.value": 0.42
        for rate in ("Retention", "RepeatPurchase")
        for one in ("", "Sparkline")
    },
    **{f"{rate}RateRow.previous_value": 0.4 for rate in ("Retention", "RepeatPurchase")},
    "TotalCustomersRow.previous_value": 1100,
    "LineageNode.name": "customer_360.total_lifetime_value",
}
"""What the documents of one kind hold under a name that others use too."""


def add_examples(described: Schema) -> None:
    """Give every parameter, body and successful answer of an OpenAPI document an example, where it can have one."""
    components = described["components"]["schemas"]
    for operations in described["paths"].values():
        for operation in operations.values():
            for parameter in operation.get("parameters", ()):
                _add_to_parameter(parameter)
            bodies = [operation["requestBody"]] if "requestBody" in operation else []
            answers = [answer for status, answer in operation["responses"].items() if status.startswith("2")]
            for kind, content in (
                item for one in (*bodies, *answers) for item in one.get("content", {}).items()
            ):
                _add_to_content(kind, content, components)


def example(
    schema: Schema, components: dict[str, Schema], name: str = "", of: str = "", depth: int = 0
) -> Any:
    """Return a value that fits a schema; `name` says what the value is called, `of` in which kind of document."""
    if "$ref" in schema:
        of = schema["$ref"].removeprefix(REFERENCE)
        return example(components[of], components, name, of, depth + 1)
    if "const" in schema:
        return schema["const"]
    if "anyOf" in schema:
        if VALUES.get(name, "") is None:
            return None
        return example(schema["anyOf"][0], components, name, of, depth)
    if "properties" in schema:
        made = {key: example(one, components, key, of, depth) for key, one in schema["properties"].items()}
        metric = registry().get(str(made.get("metric", made.get("name"))))
        return made | ({"title": metric.title, "unit": metric.unit} if metric and "title" in made else {})
    if schema.get("type") == "array":
        deep = depth > 3  # kinds of documents that hold others of their own kind end here
        return [] if deep else [example(schema["items"], components, name, of, depth)]
    if "enum" in schema:
        return VALUES[name] if VALUES.get(name) in schema["enum"] else schema["enum"][0]
    return _scalar(schema, name, of)


def _scalar(schema: Schema, name: str, of: str) -> Any:
    if schema.get("examples"):
        return schema["examples"][0]
    if f"{of}.{name}" in OF_ITS_OWN:
        return OF_ITS_OWN[f"{of}.{name}"]
    if "format" in schema and name not in VALUES:
        return {"date": DAY, "date-time": MOMENT}[schema["format"]]
    plain = {"integer": 12, "number": 12.0, "boolean": False, "string": DAY, "object": {}}
    return VALUES.get(name, plain.get(schema.get("type", "")))


def _add_to_parameter(parameter: Schema) -> None:
    schema = parameter["schema"]
    if schema.get("examples"):
        parameter["example"] = schema["examples"][0]
    elif parameter["name"] in PARAMETERS:
        parameter["example"] = PARAMETERS[parameter["name"]]


def _add_to_content(kind: str, content: Schema, components: dict[str, Schema]) -> None:
    if kind.endswith("json") and content.get("schema"):
        content["example"] = example(content["schema"], components)
    elif kind in TEXTS:
        content["example"] = TEXTS[kind]
