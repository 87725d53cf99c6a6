"""patron map: what it recognises, in several languages, and that it never guesses silently."""

from __future__ import annotations

from pathlib import Path

import pytest
import xlsxwriter

from patron.contract import CONTRACT
from patron.errors import SourceError
from patron.sources.mapping.model import parse_mapping
from patron.sources.recognition import recognise
from patron.sources.recognition.names import likeness
from tests.sources import lineitems
from tests.sources.files import write

NAMES = {
    "customer_id": "N°client Cust# Cód_cliente cust_no CustomerID Kundennummer KundenNr. id_client "
    "código_cliente num_cliente klantnummer",
    "first_name": "FirstName given_name Vorname prénom primeiro_nome voornaam fname",
    "last_name": "Surname Nachname apellidos sobrenome cognome achternaam lname",
    "email": "E-Mail email_address courriel correo_electronico",
    "phone_number": "Telefon phone_no tel mobile téléphone telefono telefoonnummer",
    "date_of_birth": "DOB Geburtsdatum date_naissance fecha_nacimiento data_nascita geboortedatum BirthDate",
    "registration_date": "created_at signup_date Registrierungsdatum date_inscription fecha_alta data_cadastro",
    "product_id": "Réf. SKU StockCode Artikelnummer ref_produit item_no id_producto codice_articolo artikelnr",
    "product_name": "Description Bezeichnung libellé descripción product_title omschrijving",
    "category": "Department Warengruppe catégorie categoria productgroep",
    "price": "UnitPrice Einzelpreis prix_unitaire precio_unitario prezzo stukprijs",
    "quantity": "Qty Menge quantité cantidad quantidade quantità aantal",
    "total_amount": "LineTotal sales_value Gesamtbetrag montant importe valor_total bedrag",
    "purchase_date": "InvoiceDate Rechnungsdatum date_commande fecha_pedido data_ordine besteldatum orderDate",
    "order_id": "Order# N°_facture InvoiceNo basket_id RechnungNr num_commande pedido_id factuurnummer",
    "store_id": "Shop_ID Filiale id_magasin tienda winkel_id",
    "session_id": "sessionId visit_id Sitzung_ID",
    "satisfaction_score": "CSAT Zufriedenheit rating puntuación",
}


@pytest.mark.parametrize(
    ("column", "name"), [(one, name) for one, names in NAMES.items() for name in names.split()]
)
def test_a_column_is_known_by_its_name(column: str, name: str) -> None:
    told = {one.name: likeness(name, one.name) for table in CONTRACT for one in table.columns}
    assert told[column] >= 0.6
    assert told[column] == max(told.values())


def test_line_items_are_recognised(tmp_path: Path) -> None:
    lineitems.write(tmp_path, 3_000)
    (tmp_path / "copies").mkdir()
    found = recognise([str(tmp_path)], tmp_path / "copies", "text", "verkauf")
    assert found.tables["purchase_transactions"] == {
        "transaction_id": "RechnungNr || '-' || Position",
        "customer_id": "Kundennummer",
        "product_id": "Artikelnummer",
        "purchase_date": "Rechnungsdatum",
        "quantity": "Menge",
        "total_amount": "Menge * Einzelpreis",
        "order_id": "RechnungNr",
    }
    assert found.tables["product_catalog"] == {
        "product_id": "Artikelnummer",
        "product_name": "Bezeichnung",
        "price": "Einzelpreis",
    }
    mapping = parse_mapping(found.text)
    assert (mapping.source.delimiter, mapping.source.decimal_mark) == (";", ",")
    assert mapping.source.date_format == ("%d.%m.%Y",)
    assert mapping.tables["customer_info"].distinct_on == ("Kundennummer",)
    assert "# TODO last_name" in found.text
    assert "# Not used of verkauf.csv: RechnungNr, Position" in found.text


def test_an_event_log_becomes_sessions(tmp_path: Path) -> None:
    rows = [
        f"user_{n % 7:04},sess_{n % 40:06},page,2024-03-{n % 28 + 1:02} 10:00:{n % 60:02},email"
        for n in range(400)
    ]
    write(
        tmp_path / "events.csv",
        "user_id,session_id,event,timestamp,acquisition_channel\n" + "\n".join(rows) + "\n",
    )
    (tmp_path / "copies").mkdir()
    found = recognise([str(tmp_path)], tmp_path / "copies", "text", "events")
    assert set(found.tables) == {"customer_info", "website_behavior"}
    assert set(found.tables["website_behavior"]) == {"session_id", "customer_id", "visit_date", "source"}
    assert "COUNT(*) AS events" in (parse_mapping(found.text).tables["website_behavior"].query or "")


def test_a_shop_of_tables_that_refer_to_each_other(tmp_path: Path) -> None:
    people = "".join(f"{n},Ann{n},Ash,a{n}@example.com,03/{n % 28 + 1:02}/1980\n" for n in range(1, 60))
    write(tmp_path / "clients.csv", "id_client,prenom,nom,contact,date_naissance\n" + people)
    goods = "".join(f"{n},Thé {n},Épicerie,2.50\n" for n in range(100, 130))
    write(tmp_path / "produits.csv", "id_produit,libelle,rayon,prix\n" + goods)
    sold = "".join(f"{n},{n // 2},{n % 59 + 1},{100 + n % 30},2024-01-05,1,2.50\n" for n in range(200))
    write(
        tmp_path / "ventes.csv", "id_vente,num_commande,id_client,id_produit,date_vente,qte,montant\n" + sold
    )
    (tmp_path / "copies").mkdir()
    found = recognise([str(tmp_path)], tmp_path / "copies", "bigint", "shop")
    assert found.tables["customer_info"]["email"] == "contact"
    assert found.tables["product_catalog"] == {
        "product_id": "id_produit",
        "product_name": "libelle",
        "category": "rayon",
        "price": "prix",
    }
    assert len(found.tables["purchase_transactions"]) == 7
    assert "100% of its values are in clients.csv" in found.text
    assert "TODO: " not in found.text


def test_each_sheet_of_a_workbook_is_a_table(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "shop.xlsx") as book:
        people, sold = book.add_worksheet("Kunden"), book.add_worksheet("Verkäufe")
        people.write_row(0, 0, ["Kundennummer", "Vorname"])
        sold.write_row(0, 0, ["Beleg-Nr", "Kundennummer", "Artikel", "Datum", "Betrag"])
        for number in range(1, 40):
            people.write_row(number, 0, [number, "Ann"])
            sold.write_row(number, 0, [number, number % 9 + 1, f"A{number % 5}", "2024-01-31", number / 2])
    (tmp_path / "copies").mkdir()
    found = recognise([str(tmp_path)], tmp_path / "copies", "text", "shop")
    mapping = parse_mapping(found.text)
    assert {name: one.sheet for name, one in mapping.tables.items()} == {
        "customer_info": "Kunden",
        "product_catalog": "Verkäufe",
        "purchase_transactions": "Verkäufe",
    }
    assert found.tables["purchase_transactions"]["product_id"] == "Artikel"


def test_nothing_that_looks_like_a_shop(tmp_path: Path) -> None:
    write(tmp_path / "weather.csv", "station,celsius\n1,2\n")
    (tmp_path / "copies").mkdir()
    with pytest.raises(SourceError, match="Nothing in weather looks like a table of the contract"):
        recognise([str(tmp_path / "weather.csv")], tmp_path / "copies", "bigint", "weather")
