"""A shop's export of line items with the troubles that such exports have, and how many rows have each.

German, Latin-1, semicolons and decimal commas; text ids such as 85123A; returns as negative quantities; lines
without a customer; and now and then a number, a date or a line that is none.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

HEADER = "RechnungNr;Position;Artikelnummer;Bezeichnung;Menge;Einzelpreis;Rechnungsdatum;Kundennummer;Kundenname;Land"
MAPPING = """\
[source]
encoding = "latin-1"
delimiter = ";"
decimal_mark = ","
date_format = "%d.%m.%Y"

[customer_info]
from = "verkauf.csv"
distinct_on = "Kundennummer"
keep = "max Rechnungsdatum"
[customer_info.columns]
customer_id = "Kundennummer"
last_name = "Kundenname"

[product_catalog]
from = "verkauf.csv"
distinct_on = "Artikelnummer"
keep = "most frequent"
[product_catalog.columns]
product_id = "Artikelnummer"
product_name = "Bezeichnung"

[purchase_transactions]
from = "verkauf.csv"
[purchase_transactions.columns]
transaction_id = "RechnungNr || '-' || Position"
customer_id = "Kundennummer"
product_id = "Artikelnummer"
purchase_date = "Rechnungsdatum"
quantity = "Menge"
total_amount = "Menge * Einzelpreis"
order_id = "RechnungNr"
"""


def write(folder: Path, rows: int, seed: int = 1) -> Counter[str]:
    """Write verkauf.csv; return how many rows are sound, and how many have each trouble, by reason code."""
    counts: Counter[str] = Counter()
    with (folder / "verkauf.csv").open("w", encoding="latin-1", newline="\r\n") as stream:
        stream.write(f"{HEADER}\n")
        for line, code in _lines(rows, random.Random(seed)):
            stream.write(f"{line}\n")
            counts[code] += 1
    return counts


def _lines(rows: int, draw: random.Random) -> Iterator[tuple[str, str]]:
    names = ("Müller", "Weiß", "Garçon", "Smith", "Böhm", "Núñez")
    for row in range(rows):
        invoice, code = 536_365 + row // 5, "sound"
        number = draw.randrange(3_000)
        article = f"{10_000 + number}{'' if number % 3 else 'A'}"
        customer = 12_346 + (row // 5) % 900
        values = {
            "article": article,
            "quantity": str(draw.randint(1, 24) if draw.random() > 0.03 else -draw.randint(1, 5)),
            "price": f"{draw.randint(0, 40)},{draw.randint(0, 99):02d}",
            "day": f"{draw.randint(1, 28):02d}.{draw.randint(1, 12):02d}.2011",
            "customer": str(customer),
        }
        trouble = draw.random()
        if trouble < 0.01:
            code, values["quantity"] = "not_a_number", "viele"
        elif trouble < 0.02:
            code, values["price"] = "not_a_number", "12.50"
        elif trouble < 0.03:
            code, values["day"] = "not_a_date", "31.02.2011"
        elif trouble < 0.20:
            code, values["customer"] = "missing_value", ""
        line = (
            f'{invoice};{row % 5 + 1};{article};"BOX ""{article}"" rot; groß";{values["quantity"]};'
            f"{values['price']};{values['day']};{values['customer']};{names[customer % 6]};Österreich"
        )
        if trouble > 0.995:
            code, line = "malformed_line", f"kaputt;{line}"
        yield line, code
