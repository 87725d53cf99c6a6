"""The data page tells what came in, what was refused, what was built, and what everything means."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.reading import rows_of
from tests.browser.sites import Site
from tests.browser.telling import count
from tests.browser.watching import Watch


def test_loads_and_refused_rows_are_the_databases(site: Site, visit: Visit) -> None:
    page = visit(site, "/data/loads")
    load = site.query("SELECT * FROM loads ORDER BY load_id DESC LIMIT 1")[0]
    shown = rows_of(page.get_by_role("table", name="Loads"))[0]
    assert shown[0] == str(load["load_id"])
    read, inserted, quarantined = (int(shown[at].replace(",", "")) for at in (3, 4, 7))
    refused = site.query("SELECT reason_code, COUNT(*) AS n FROM quarantine GROUP BY 1")
    assert quarantined == sum(one["n"] for one in refused) == 4
    assert read == inserted + quarantined == 6006

    page.get_by_role("tab", name="Quarantine").click()
    reasons = rows_of(page.get_by_role("table", name="Quarantine"))
    assert sorted(int(one[2]) for one in reasons) == sorted(one["n"] for one in refused)
    page.get_by_role("table", name="Quarantine").get_by_role("button").first.click()
    content = site.query("SELECT reason FROM quarantine WHERE reason_code = ?", [_code(reasons[0][0])])
    expect(page.get_by_text(content[0]["reason"]).first).to_be_visible()


def test_builds_tell_their_steps_and_what_they_reconcile(site: Site, visit: Visit) -> None:
    page = visit(site, "/data")
    build = site.api("builds")["rows"][-1]
    expect(page.get_by_role("button", name="Build 1")).to_contain_text(
        f"{count(build['customers'])} customers"
    )
    expect(page.get_by_role("button", name="Build 1")).to_contain_text("reconciles")
    shown = rows_of(page.get_by_role("table", name="Reconciliation with the sources"))
    assert {row[3] for row in shown} == {"yes"}
    bought = site.query("SELECT COUNT(*) AS n FROM customer_info")[0]["n"]
    assert count(bought) in {row[1] for row in shown}
    steps = rows_of(page.get_by_role("table", name="Steps, the longest first"))
    assert {row[0] for row in steps} == {one["name"] for one in build["steps"]}


def test_the_dictionary_says_what_a_column_is_made_of(site: Site, visit: Visit) -> None:
    page = visit(site, "/data/dictionary")
    page.get_by_role("textbox", name="Find a table").fill("customer_360")
    meanings = {one["column"]: one["meaning"] for one in site.api("dictionary/customer_360")["columns"]}
    shown = rows_of(page.get_by_role("table", name="customer_360"))
    assert {row[0]: row[3] for row in shown} == {
        name: " ".join(said.split()) for name, said in meanings.items()
    }
    page.get_by_role("button", name="monetary_score").click()
    expect(page.get_by_role("img", name="What monetary_score is made of")).to_be_visible()
    page.get_by_text("The same as a list").click()
    expect(
        page.get_by_role("listitem").filter(has_text="purchase_transactions.total_amount").first
    ).to_be_visible()


def test_no_script_but_the_servers_own_runs(small: Site, visit: Visit, watch: Watch) -> None:
    watch.allow("Content Security Policy")
    page = visit(small)
    with page.expect_console_message(lambda said: "Content Security Policy" in said.text):
        page.evaluate(
            "() => { const one = document.createElement('script'); one.textContent = 'window.ran = true'; "
            "document.body.append(one); }"
        )
    assert page.evaluate("() => window.ran") is None


def _code(shown: str) -> str:
    return shown.lower().replace(" ", "_")
