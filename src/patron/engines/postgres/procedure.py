"""The stored procedure `refresh_customer_360`: the whole build inside PostgreSQL, written from the model's files.

Once it is installed any client can CALL it, with nothing of Patron running.
"""

from __future__ import annotations

import hashlib
import json
from datetime import date
from decimal import Decimal
from functools import cache
from textwrap import indent
from typing import Any

from sqlglot import exp

from patron.contract import CONTRACT
from patron.contract.tables import EARLIEST_YEAR, LATEST_YEAR
from patron.engines.postgres.render import PREFIX, quoted, rendered_step
from patron.engines.postgres.sums import brought_up_to_date, compare, keep_former
from patron.engines.postgres.triggers import REFERRED, customers_of, notes_of
from patron.model.render import mark, parameters
from patron.model.steps import Kept, Step, kept, step_named, steps
from patron.model.sums import CUSTOMER_SLICES, SLICES, new_slice_numbers
from patron.settings import Settings

NAME = "refresh_customer_360"
NARROWED = tuple(table.name for table in CONTRACT if "customer_id" in table.names)
# With more of the customers changed than this, a full build is the cheaper one.
FULL_FROM_SHARE = 0.3


@cache
def procedure_sql(settings: Settings, schema: str = "public") -> str:
    """Return CREATE PROCEDURE for these settings, with the contract tables in `schema`."""
    body = _body(settings, quoted(schema), schema)
    return (
        f"CREATE OR REPLACE PROCEDURE {quoted(schema)}.{NAME}(\n"
        "    as_of date DEFAULT CURRENT_DATE,    -- no fact after this day is counted\n"
        "    full_build boolean DEFAULT false,   -- compute every customer, not only the changed ones\n"
        "    INOUT build_id bigint DEFAULT NULL  -- gives back the number of the build\n"
        f")\nLANGUAGE plpgsql AS $procedure${body}$procedure$;\n"
    )


@cache
def model_mark(schema: str) -> str:
    """Return the mark of the model as it runs in `schema`."""
    return mark([rendered_step(step, schema) for step in steps()], "postgres")


def fingerprint(sql: str) -> str:
    """Return a short mark of a procedure's text, kept as its comment to tell whether it is the current one."""
    return "Patron " + hashlib.sha256(sql.encode()).hexdigest()[:16]


def _body(settings: Settings, home: str, schema: str) -> str:
    figures = settings.model.figures
    wanted = {step.name for step in steps() if figures or not step.is_rollup}
    unkept = [step for step in kept(Kept.BUILD_STEP, Kept.BATCH_STEP) if step.name in wanted]
    batch_steps = [_step_into(step, schema, f"pg_temp.{step.name}") for step in unkept]
    customer_tables = [step for step in kept(Kept.CUSTOMER_TABLE) if step.name in wanted]
    fresh = [_step_into(step, schema, f"pg_temp.{step.name}_batch") for step in customer_tables]
    shop = [
        _for_all(step, schema, home, figures=figures)
        if step.name in wanted
        else f"    DELETE FROM {home}.{step.name};\n"
        for step in kept(Kept.SHOP_TABLE, Kept.SHOP_SUM)
    ]
    return f"""
#variable_conflict use_column
-- Brings {schema}.customer_360 up to date as known on as_of, whole or not at all. Written by Patron from its model
-- files; do not edit it here. CALL it outside a transaction block: it works in a transaction of its own.
<<refresh>>
DECLARE
{_declarations(settings)}
    started_at CONSTANT timestamp := clock_timestamp() AT TIME ZONE 'UTC';
    last {home}.builds%ROWTYPE;
    whole boolean;
    anew boolean;  -- whether sums over customers are made anew
    recomputed bigint;
    arrived bigint;
    customers bigint;
    steps jsonb := '[]';
    reconciliation jsonb := '[]';
    figure record;
    step_started timestamptz;
    step_rows bigint;
BEGIN
    IF {PREFIX}as_of NOT BETWEEN DATE '{EARLIEST_YEAR}-01-01' AND DATE '{LATEST_YEAR}-12-31' THEN
        RAISE EXCEPTION 'A build''s date lies in the years {EARLIEST_YEAR} to {LATEST_YEAR}, and % does not.',
            {PREFIX}as_of USING ERRCODE = 'PT002';
    END IF;
    -- One snapshot for the whole build, taken when no other build is under way; LOCK TABLE takes none itself.
    COMMIT;
    SET TRANSACTION ISOLATION LEVEL REPEATABLE READ;
    LOCK TABLE {home}.builds IN SHARE ROW EXCLUSIVE MODE;
    SET LOCAL jit = off;
    PERFORM set_config('work_mem', {exp.Literal.string(settings.work_mem).sql("postgres")}, true);

    SELECT * INTO last FROM {home}.builds ORDER BY build_id DESC LIMIT 1;
    {PREFIX}build_id := COALESCE(last.build_id, 0) + 1;
    build_id := {PREFIX}build_id;
    whole := full_build OR last.build_id IS NULL OR {PREFIX}as_of < last.as_of
        OR last.model IS DISTINCT FROM '{model_mark(schema)}'
        OR (last.settings::jsonb -> 'positive_response_types') <> to_jsonb({PREFIX}positive_response_types)
        OR COALESCE(last.settings::jsonb ->> 'figures', 'true') <> '{str(figures).lower()}';

{indent("".join(f"ANALYZE {notes};" + chr(10) for notes in _notes(home)), "    ").rstrip()}
    CREATE TEMP TABLE batch ON COMMIT DROP AS
        SELECT customer_id FROM {home}.changed_customers
        UNION
        SELECT customer_id FROM {home}.customers_to_come WHERE comes_on <= {PREFIX}as_of
        UNION
{indent(_customers_of_notes(home), "    ")};
    GET DIAGNOSTICS recomputed = ROW_COUNT;
    whole := whole OR recomputed > GREATEST(1000, {FULL_FROM_SHARE} * (SELECT COUNT(*) FROM {home}.customer_info));

    IF whole THEN
{_narrowed(home, "")}
    ELSE
        ANALYZE pg_temp.batch;
{_narrowed(home, " WHERE customer_id IN (SELECT customer_id FROM pg_temp.batch)")}
    END IF;

{"".join(batch_steps)}{"".join(fresh)}
{keep_former(home) if figures else ""}
{_begun("merge")}
    -- Whom the tables lack is asked before anything goes into them: PostgreSQL may look through a table that was empty
    -- when it was analysed once for each row, which takes for ever where those very rows go into it. After another
    -- model the former rows may be gone; then the customers of all builds before are known.
    CREATE TEMP TABLE unmet ON COMMIT DROP AS
        SELECT fresh.customer_id, last.model IS DISTINCT FROM '{model_mark(schema)}' AND EXISTS (
            SELECT 1 FROM {home}.new_customers AS earlier WHERE earlier.customer_id = fresh.customer_id
        ) AS was_met
        FROM pg_temp.customer_features_batch AS fresh
        WHERE NOT EXISTS (SELECT 1 FROM {home}.customer_features AS known WHERE known.customer_id = fresh.customer_id);
    ANALYZE pg_temp.unmet;
    INSERT INTO {home}.new_customers (build_id, customer_id)
    SELECT {PREFIX}build_id, customer_id FROM pg_temp.unmet WHERE NOT was_met;
    GET DIAGNOSTICS arrived = ROW_COUNT;
{_merge(home, [step.name for step in customer_tables])}
{_timed("merge")}
{"".join(shop)}
    SELECT COUNT(*) INTO customers FROM {home}.customer_features;
    IF whole THEN
        recomputed := customers;
    END IF;

    -- customer_360 is computed when it is read. A row that cannot be read must fail here and not at its readers.
{_begun("reading")}
    IF whole THEN
        SELECT COUNT(one) INTO step_rows FROM (SELECT * FROM {home}.customer_360 OFFSET 0) AS one;
    ELSE
        SELECT COUNT(one) INTO step_rows FROM (
            SELECT * FROM {home}.customer_360
            WHERE customer_id = ANY (ARRAY(SELECT customer_id FROM pg_temp.batch)) OFFSET 0
        ) AS one;
    END IF;
{_timed("reading")}

{_begun("reconciliation")}
    FOR figure IN
{rendered_step(step_named("reconciliation"), schema, indent=8)}
    LOOP
        IF figure.in_sources <> figure.in_result THEN
            RAISE EXCEPTION 'The build as of % does not reconcile: for % the sources have % and the result has %; '
                'customer_360 is as it was. Try a full build.',
                {PREFIX}as_of, figure.figure, figure.in_sources, figure.in_result USING ERRCODE = 'PT001';
        END IF;
        reconciliation := reconciliation || jsonb_build_object('figure', figure.figure,
            'in_sources', figure.in_sources::text, 'in_result', figure.in_result::text);
    END LOOP;
    step_rows := NULL;
{_timed("reconciliation")}
    -- Only what this snapshot saw: changes that arrived since stay noted for the next build.
    DELETE FROM {home}.changed_customers;
{indent("".join(f"DELETE FROM {notes};" + chr(10) for notes in _notes(home)), "    ").rstrip()}
    INSERT INTO {home}.builds (build_id, as_of, kind, started_at, finished_at, customers, new_customers, recomputed,
        settings, steps, reconciliation, model)
    VALUES ({PREFIX}build_id, {PREFIX}as_of, CASE WHEN whole THEN 'full' ELSE 'incremental' END, refresh.started_at,
        clock_timestamp() AT TIME ZONE 'UTC', refresh.customers, arrived, refresh.recomputed,
        {_settings_json(settings)}, refresh.steps::text, refresh.reconciliation::text,
        '{model_mark(schema)}');
{indent("".join(f"DROP VIEW pg_temp.{name};" + chr(10) for name in NARROWED), "    ").rstrip()}
    IF whole THEN
        ANALYZE {home}.customer_features;
    END IF;
    COMMIT;
END
"""


def _notes(home: str) -> list[str]:
    return [f"{home}.{notes_of(table).name}" for table in REFERRED]


def _customers_of_notes(home: str) -> str:
    """Select whom changed products and campaigns concern; a full build need not look for them."""
    selects = (customers_of(table, notes, home) for table, notes in zip(REFERRED, _notes(home), strict=True))
    return "\n    UNION\n".join(
        f"    SELECT customer_id FROM (\n{one}\n    ) AS concerned WHERE NOT whole" for one in selects
    )


def _declarations(settings: Settings) -> str:
    lines = []
    for name, value in parameters(settings.model, date(2000, 1, 1), 0).items():
        kind, constant, initial = _kind(name), "CONSTANT ", _literal(value)
        if name == "as_of":
            initial = "COALESCE(refresh_customer_360.as_of, CURRENT_DATE)"
        if name == "build_id":
            constant, initial = "", "NULL"
        lines.append(f"    {PREFIX}{name} {constant}{kind} := {initial};")
    return "\n".join(lines)


def _kind(name: str) -> str:
    if name == "as_of":
        return "date"
    if name == "positive_response_types":
        return "text[]"
    if name.startswith(("monetary_cut", "high_value", "medium_value")):
        return "numeric(18, 2)"
    return "bigint" if name.startswith(("frequency", "build")) else "integer"


def _literal(value: Any) -> str:
    if isinstance(value, list):
        words = ", ".join(exp.Literal.string(word).sql("postgres") for word in value)
        return f"ARRAY[{words}]::text[]"
    if isinstance(value, Decimal):
        return str(value)
    return exp.convert(value).sql("postgres")


def _settings_json(settings: Settings) -> str:
    text = json.dumps(json.loads(settings.model.model_dump_json()))
    return exp.Literal.string(text).sql("postgres")


def _narrowed(home: str, condition: str) -> str:
    return "\n".join(
        f"        CREATE TEMP VIEW {name} AS SELECT * FROM {home}.{name}{condition};" for name in NARROWED
    )


def _step_into(step: Step, schema: str, table: str) -> str:
    query = rendered_step(step, schema, indent=4)
    return (
        f"{_begun(step.name)}\n"
        f"    CREATE TEMP TABLE {table.removeprefix('pg_temp.')} ON COMMIT DROP AS\n{query};\n"
        f"    GET DIAGNOSTICS step_rows = ROW_COUNT;\n"
        f"    ANALYZE {table};\n{_timed(step.name)}\n"
    )


def _for_all(step: Step, schema: str, home: str, *, figures: bool) -> str:
    """Return what computes a step that depends on everyone."""
    anew = (
        f"    DELETE FROM {home}.{step.name};\n"
        f"    INSERT INTO {home}.{step.name} ({', '.join(step.columns)})\n{rendered_step(step, schema, indent=4)};\n"
        "    GET DIAGNOSTICS step_rows = ROW_COUNT;\n"
    )
    if step.kept is Kept.SHOP_SUM:
        changed = brought_up_to_date(step, schema, home)
        anew = f"    IF anew THEN\n{indent(anew, '    ')}    ELSE\n{changed}    END IF;\n"
    if step.name == SLICES:
        anew += indent(new_slice_numbers(f"{home}.") + ";\n", "    ")
    if step.name == CUSTOMER_SLICES and figures:
        anew += compare(home)
    return f"{_begun(step.name)}\n{anew}{_timed(step.name)}\n"


def _begun(name: str) -> str:
    return f"    RAISE DEBUG 'patron: {name}';\n    step_started := clock_timestamp();"


def _timed(name: str) -> str:
    return (
        f"    steps := steps || jsonb_build_object('name', '{name}', 'rows', step_rows, 'seconds',\n"
        f"        round(extract(epoch FROM clock_timestamp() - step_started)::numeric, 4));"
    )


def _merge(home: str, customer_tables: list[str]) -> str:
    """Merge the fresh rows in: rows that did not change are not written, and readers of any isolation see one build."""
    columns = list(step_named("customer_features").columns)
    kept_row = ", ".join(f"kept.{name}" for name in columns)
    fresh_row = ", ".join(f"fresh.{name}" for name in columns)
    return f"""
    DELETE FROM {home}.customer_features AS kept
    WHERE (whole OR kept.customer_id IN (SELECT customer_id FROM pg_temp.batch))
        AND NOT EXISTS (
            SELECT 1 FROM pg_temp.customer_features_batch AS fresh WHERE fresh.customer_id = kept.customer_id
        );
    UPDATE {home}.customer_features AS kept
    SET ({", ".join(columns[1:])})
        = ROW({", ".join(f"fresh.{name}" for name in columns[1:])})
    FROM pg_temp.customer_features_batch AS fresh
    WHERE fresh.customer_id = kept.customer_id
        AND ROW({kept_row})
            IS DISTINCT FROM ROW({fresh_row});
    INSERT INTO {home}.customer_features ({", ".join(columns)})
    SELECT {fresh_row} FROM pg_temp.customer_features_batch AS fresh
    WHERE fresh.customer_id IN (SELECT customer_id FROM pg_temp.unmet)
    ORDER BY fresh.customer_id;
    GET DIAGNOSTICS step_rows = ROW_COUNT;
{"".join(_replace(home, name) for name in customer_tables if name != "customer_features")}"""


def _replace(home: str, table: str) -> str:
    """Put a table's fresh rows in the place of all that it had of the customers."""
    columns = ", ".join(step_named(table).columns)
    return f"""
    DELETE FROM {home}.{table} WHERE whole OR customer_id IN (SELECT customer_id FROM pg_temp.batch);
    INSERT INTO {home}.{table} ({columns}) SELECT {columns} FROM pg_temp.{table}_batch;"""
