"""What a mapping file says when something in it is wrong: where, and which word was meant."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patron.errors import MappingError
from patron.sources.mapping.model import parse_mapping, read_mapping

SOUND = """\
[source]
encoding = "latin-1"
delimiter = ";"
date_format = "%d.%m.%Y"
time_zone = "Europe/Berlin"

[inputs.lines]
files = "lines-*.csv"
decimal_mark = ","

[customer_info]
from = "lines"
distinct_on = "KundenNr"
keep = "max Datum"
[customer_info.columns]
customer_id = "KundenNr"
"""


def test_tables_take_over_what_inputs_and_the_source_say() -> None:
    mapping = parse_mapping(SOUND)
    options = mapping.options(mapping.tables["customer_info"], mapping.inputs["lines"])
    assert (options.encoding, options.delimiter, options.decimal_mark) == ("iso8859-1", ";", ",")
    assert options.date_format == ("%d.%m.%Y",)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "encoding",
            "encodng",
            "m.toml, line 2: [source] has no 'encodng'. Did you mean 'encoding'? Known here: encoding,",
        ),
        (
            "latin-1",
            "latin-x",
            "m.toml, line 2: source.encoding does not fit: 'latin-x' is no encoding. Did you mean 'latin-1'?",
        ),
        ('";"', '";;"', "m.toml, line 3: source.delimiter does not fit"),
        (
            "%d.%m.%Y",
            "DD.MM.YYYY",
            "line 4: source.date_format does not fit: 'DD.MM.YYYY' has no part such as %d; 31.03.2024",
        ),
        (
            "Europe/Berlin",
            "Europe/Berlín",
            "line 5: source.time_zone does not fit: 'Europe/Berlín' is no time zone. Did you mean 'Europe/Berlin'?",
        ),
        ("files =", "fils =", "line 8: [inputs.lines] has no 'fils'. Did you mean 'files'?"),
        (
            "[customer_info]\n",
            "[custmer_info]\n",
            "line 11: 'custmer_info' is no table of the contract. Did you mean 'customer_info'?",
        ),
        ("keep = ", "kep = ", "line 14: [customer_info] has no 'kep'. Did you mean 'keep'?"),
        (
            "max Datum",
            "newest",
            "line 14: customer_info.keep does not fit: 'newest' is no rule; it may be first, last,",
        ),
        (
            "customer_id =",
            "custmer_id =",
            "line 16: customer_info has no 'custmer_id'. Did you mean 'customer_id'?",
        ),
        ('distinct_on = "KundenNr"\n', "", "'keep' needs 'distinct_on'"),
        ('from = "lines"\n', "", "a table needs either 'from' or 'query'"),
        ('= "KundenNr"\n', "= \n", "m.toml, line 13: this is not TOML: invalid value."),
        (
            '[customer_info.columns]\ncustomer_id = "KundenNr"\n',
            "",
            "line 11: customer_info.columns does not fit: it is missing.",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_line(old: str, new: str, message: str) -> None:
    with pytest.raises(MappingError) as raised:
        parse_mapping(SOUND.replace(old, new, 1), "m.toml")
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match="There is no mapping file"):
        read_mapping(tmp_path / "m.toml")


@given(text=st.text(alphabet='[]=".#\n abcdefrom_customer_info', max_size=80))
def test_any_text_is_a_mapping_or_refused(text: str) -> None:
    with pytest.raises(MappingError):
        parse_mapping(text)
