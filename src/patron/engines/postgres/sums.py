"""Shop sums in the stored procedure: what changed is taken off and put on, unless too much did.

The procedure's variable `anew` says whether sums are made anew.
"""

from __future__ import annotations

from textwrap import indent

from patron.engines.postgres.render import rendered
from patron.model.steps import Step
from patron.model.sums import ANEW_FROM_SHARE, CUSTOMER_SLICES, added_to, changed_sums, summed_tables

TIMES = ("former", "fresh")


def keep_former(home: str) -> str:
    """Return what keeps the rows of before: of the customers that are computed again, and everybody's slice."""
    kept = "".join(
        _table(f"former_{name}", f"SELECT * FROM {home}.{name} WHERE {_is_among('batch')}")
        for name in summed_tables()
    )
    before = _table("slices_before", f"SELECT * FROM {home}.{CUSTOMER_SLICES}")
    return f"    IF NOT whole THEN\n{kept}{before}    END IF;\n"


def compare(home: str) -> str:
    """Return what finds the customers for whom sums change, and their rows, and sets `anew`."""
    moved = (
        "SELECT COALESCE(was.customer_id, now.customer_id) AS customer_id\n"
        "        FROM pg_temp.slices_before AS was\n"
        f"        FULL JOIN {home}.{CUSTOMER_SLICES} AS now ON now.customer_id = was.customer_id\n"
        "        WHERE was.slice_id IS DISTINCT FROM now.slice_id\n"
        "        EXCEPT SELECT customer_id FROM pg_temp.batch"
    )
    affected = "SELECT customer_id FROM pg_temp.moved UNION SELECT customer_id FROM pg_temp.batch"
    rows = "".join(
        _table(f"fresh_{name}", f"SELECT * FROM {home}.{name} WHERE {_is_among('affected')}")
        + f"        INSERT INTO pg_temp.former_{name}\n"
        f"        SELECT * FROM pg_temp.fresh_{name} WHERE {_is_among('moved')};\n"
        for name in summed_tables()
    )
    slices = "".join(
        _table(f"{time}_{CUSTOMER_SLICES}", f"SELECT * FROM {table} WHERE {_is_among('affected')}")
        for time, table in zip(TIMES, ("pg_temp.slices_before", f"{home}.{CUSTOMER_SLICES}"), strict=True)
    )
    return f"""    anew := whole;
    IF NOT whole THEN
{_table("moved", moved)}{_table("affected", affected)}        anew := (SELECT COUNT(*) FROM pg_temp.affected)
            > GREATEST(1000, {ANEW_FROM_SHARE} * (SELECT COUNT(*) FROM {home}.{CUSTOMER_SLICES}));
    END IF;
    IF NOT anew THEN
{rows}{slices}    END IF;
"""


def brought_up_to_date(step: Step, schema: str, home: str) -> str:
    """Return what adds to a shop sum what changed; `step_rows` then says how many of its rows did."""
    changes = f"{step.name}_changes"
    made = "".join(
        _table(f"{step.name}_{time}", rendered(step.tree, schema, stand_ins=_stand_ins(time)))
        for time in TIMES
    )
    query = changed_sums(step, *(f"pg_temp.{step.name}_{time}" for time in TIMES))
    added = added_to(step, f"{home}.{step.name}", f"pg_temp.{changes}")
    return (
        f"{made}{_table(changes, query)}"
        f"        step_rows := (SELECT COUNT(*) FROM pg_temp.{changes});\n"
        f"{indent(added, '        ')};\n"
    )


def _stand_ins(time: str) -> dict[str, str]:
    return {name: f"{time}_{name}" for name in (*summed_tables(), CUSTOMER_SLICES)}


def _is_among(table: str) -> str:
    return f"customer_id IN (SELECT customer_id FROM pg_temp.{table})"


def _table(name: str, query: str) -> str:
    return f"        CREATE TEMP TABLE {name} ON COMMIT DROP AS\n        {query};\n        ANALYZE pg_temp.{name};\n"
