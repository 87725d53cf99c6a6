"""Writes a proposal as a mapping file: each line says how sure it is and why, and what is unsure is left to do."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator

from patron.contract import CONTRACT, Type
from patron.sources.formats.files import FORMS, Kind, ending_of
from patron.sources.mapping.model import OPTIONS
from patron.sources.recognition.profile import Content, TableProfile
from patron.sources.recognition.propose import SURE, Proposal, name_in_sql

Options = dict[str, object]


def write_mapping(
    source: str,
    profiles: list[TableProfile],
    proposals: list[Proposal],
    problems: list[str],
    advice: str | None,
) -> str:
    """Return the text of a mapping file; `problems` and `advice` are told in it."""
    options = {profile.name: _options(profile) for profile in profiles}
    common = _common([options[one.source.name] for one in proposals])
    return "\n".join(
        [
            *_head(source, profiles, proposals, problems, advice),
            "",
            "[source]",
            *(
                [_pair(name, value) for name, value in common.items()]
                or ["# Plain CSV in UTF-8, or with types of its own."]
            ),
            *(line for one in proposals for line in _section(one, options[one.source.name], common)),
            *_missing(proposals),
            "",
        ]
    )


def recognised(proposals: list[Proposal]) -> dict[str, dict[str, str]]:
    """Return for each table of the contract what its columns are made of, as far as it is sure."""
    return {
        one.table.name: {name: sql for name, (sql, score, _) in one.columns.items() if score >= SURE}
        for one in proposals
    }


def _head(
    source: str,
    profiles: list[TableProfile],
    proposals: list[Proposal],
    problems: list[str],
    advice: str | None,
) -> Iterator[str]:
    yield f"# A mapping for {source}, proposed by `patron map`. Read it through: each line says how sure it is."
    yield "# Lines that begin with `# TODO` were too unsure, and wait for your word."
    yield "#"
    yield f"# To try it: patron map {_shell(source)} --check FILE"
    yield f"# To load:   patron load {_shell(source)} --mapping FILE"
    used = {one.source.name for one in proposals}
    for profile in profiles:
        sampled = "" if profile.table.is_whole else " at least, of which these were looked at"
        unused = "" if profile.name in used else "; nothing is made of it"
        yield f"# {profile.name}: {profile.table.rows:,} rows{sampled}{unused}."
    for problem in problems:
        yield f"# Not read: {problem.rstrip('.')}."
    if advice:
        yield "#"
        yield f"# TODO: {advice}"


def advice_on_ids(proposals: list[Proposal]) -> str | None:
    """Return what has to be set for ids that are text, in a sentence, or None where they are all numbers."""
    text = next(_ids_of_text(proposals), None)
    return text and f'{text} is text. Set id_type = "text" in patron.toml before the first load.'


def _ids_of_text(proposals: list[Proposal]) -> Iterator[str]:
    for one in proposals:
        for column in one.table.columns:
            match = one.matches.get(column.name)
            if (
                column.type is Type.ID
                and match
                and match.column.content not in (Content.INTEGER, Content.NOTHING)
            ):
                yield f"'{match.column.name}' of {one.source.name}"
        if "||" in one.columns.get(one.table.key.name, ("",))[0]:
            yield f"the key of {one.table.name}"


# -- how files are written ----------------------------------------------------------------------------------


def _options(profile: TableProfile) -> Options:
    form, found = profile.table.form, Options()
    ending = ending_of(profile.table.files[0]) if profile.table.files else None
    if form.kind is Kind.TEXT and ending is not None:
        if not form.is_utf8:
            found["encoding"] = "windows-1252" if form.encoding == "cp1252" else form.encoding
        if form.delimiter != FORMS[ending].delimiter:
            found["delimiter"] = form.delimiter
    if form.sheet is not None:
        found["sheet"] = form.sheet
    marks = Counter(one.decimal_mark for one in profile.columns.values() if one.decimal_mark)
    if marks and marks.most_common(1)[0][0] == ",":
        found["decimal_mark"] = ","
    formats = Counter(one.date_formats[0] for one in profile.columns.values() if one.date_formats)
    if formats:
        found["date_format"] = (
            [one for one, _ in formats.most_common()] if len(formats) > 1 else next(iter(formats))
        )
    return found


def _common(options: list[Options]) -> Options:
    """Return the options that most tables share."""
    common: Options = {}
    for name in OPTIONS:
        values = Counter(json.dumps(one[name]) for one in options if name in one)
        if values and name != "sheet" and values.most_common(1)[0][1] * 2 > len(options):
            common[name] = json.loads(values.most_common(1)[0][0])
    return common


# -- tables -------------------------------------------------------------------------------------------------


def _section(one: Proposal, options: Options, common: Options) -> Iterator[str]:
    yield ""
    yield f"[{one.table.name}]"
    source = one.source
    origin = source.name.partition("#")[0]
    if one.kind == "counted":
        yield from _counted(one)
    elif one.kind == "numbered":
        yield from _numbered(one)
    else:
        yield _pair("from", origin)
    defaults = {"encoding": "utf-8", "delimiter": ",", "decimal_mark": "."}
    for name in OPTIONS:
        if name in options and options[name] != common.get(name):
            yield _pair(name, options[name])
        elif name in common and name not in options and name in defaults:
            yield _pair(name, defaults[name])
    if one.kind == "distilled":
        key = one.matches[one.table.key.name].column.name
        yield f"{_pair('distinct_on', key)}  # {source.name} names each several times"
        yield 'keep = "last"  # or "first", "most frequent", "max" and a column'
    yield from _notes(one)
    yield f"[{one.table.name}.columns]"
    yield from _columns(one)
    if one.missing:
        yield f"# Not found: {', '.join(one.missing)}."
    used = {match.column.name for match in one.matches.values()}
    made = " ".join(sql for sql, _, _ in one.expressions.values())
    unused = [name for name in source.columns if name not in used and name_in_sql(name) not in made]
    if unused:
        yield f"# Not used of {source.name}: {', '.join(unused)}."


def _columns(one: Proposal) -> Iterator[str]:
    for name, (sql, score, why) in one.columns.items():
        given = sql
        if one.kind == "counted":
            given = _COUNTED.get(name, sql)
        line = f"{_pair(name, given)}  # {score:.0%}: {why}"
        yield line if score >= SURE else f"# TODO {line}"
    if one.kind == "counted":
        made = {name: sql for name, sql in _MADE.items() if name not in one.columns}
        yield from (f'{name} = "{sql}"  # 75%: counted from the events' for name, sql in made.items())
    elif one.kind == "numbered":
        yield f'{one.table.key.name} = "row_number"  # {SURE:.0%}: no columns together are a key, so rows are numbered'
    elif one.table.key.name not in one.columns:
        yield f'# TODO {one.table.key.name} = ""  # nothing here is a key of it'


def _notes(one: Proposal) -> Iterator[str]:
    for match in one.matches.values():
        formats = match.column.date_formats
        if len(formats) > 1:
            ways = " or ".join(formats[:3])
            yield f"# TODO {match.column.name} could be written {ways}: days and months look alike here."


_COUNTED = {"visit_date": "started"}
_MADE = {"pages_viewed": "events", "time_spent": "date_diff('second', started, ended)"}


def _counted(one: Proposal) -> Iterator[str]:
    session, when = one.matches["session_id"].column.name, one.matches["visit_date"].column.name
    moment = f"CAST({name_in_sql(when)} AS TIMESTAMP)"
    if formats := one.matches["visit_date"].column.date_formats:
        moment = f"STRPTIME({name_in_sql(when)}, '{formats[0]}')"
    others = [
        match.column.name for name, match in one.matches.items() if name not in ("session_id", "visit_date")
    ]
    picked = "".join(f", ANY_VALUE({name_in_sql(other)}) AS {name_in_sql(other)}" for other in others)
    yield f"# {one.source.name} has one row an event; a session is all of its events."
    yield 'query = """'
    yield f"SELECT {name_in_sql(session)}{picked},"
    yield f"  COUNT(*) AS events, MIN({moment}) AS started, MAX({moment}) AS ended"
    yield f"FROM {_in_query(one)}"
    yield f"GROUP BY {name_in_sql(session)}"
    yield f"ORDER BY {name_in_sql(session)}"
    yield '"""'


def _numbered(one: Proposal) -> Iterator[str]:
    order = ", ".join(name_in_sql(name) for name in one.source.columns)
    yield f"# {one.source.name} has no key. Its rows are numbered in their order, so load it whole each time."
    yield 'query = """'
    yield f"SELECT *, ROW_NUMBER() OVER (ORDER BY {order}) AS row_number"
    yield f"FROM {_in_query(one)}"
    yield '"""'


def _in_query(one: Proposal) -> str:
    name = one.source.name.partition("#")[0].rpartition("/")[2]
    ending = ending_of(name)
    return name_in_sql(name[: -len(ending)] if ending else name)


def _missing(proposals: list[Proposal]) -> Iterator[str]:
    made = {one.table.name for one in proposals}
    absent = [table.name for table in CONTRACT if table.name not in made]
    if absent:
        yield ""
        yield f"# Nothing was found for {', '.join(absent)}; a shop may lack them."


def _pair(name: str, value: object) -> str:
    if isinstance(value, str) and '"' in value and "'" not in value:
        return f"{name} = '{value}'"
    return f"{name} = {json.dumps(value, ensure_ascii=False)}"


def _shell(source: str) -> str:
    return source if " " not in source else f"'{source}'"
