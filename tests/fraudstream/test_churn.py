"""`fraudstream churn`, as somebody with a table from elsewhere uses it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from fraudstream.cli import app
from schemas.errors import FraudstreamError

ROWS = 2_400
LETTERS = list("ABCDEFGHIJKLMNOPQRSTUVWXYZ")


def run(*words: object) -> Result:
    return CliRunner().invoke(app, ["churn", *map(str, words)])


def refusal(*words: object) -> FraudstreamError:
    error = run(*words).exception
    assert isinstance(error, FraudstreamError), error
    return error


def done(*words: object) -> Result:
    result = run(*words)
    assert result.exit_code == 0, (result.output, result.exception)
    return result


@pytest.fixture(scope="module")
def telco(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Byte order mark, ids of figures and letters, yes and no, blanks among numbers, remarks of several lines."""
    random = np.random.default_rng(7)
    months, monthly = random.integers(0, 73, ROWS), random.uniform(20, 110, ROWS)
    yearly = random.random(ROWS) < 0.4
    lean = 0.02 * monthly - 0.05 * months - 1.5 * yearly
    left = random.random(ROWS) < 1 / (1 + np.exp(-lean))
    lines = ["customerID,gender,tenure,Contract,Remark,MonthlyCharges,TotalCharges,Country,Churn"]
    for row in range(ROWS):
        key = f"{random.integers(1_000, 9_999)}-{''.join(random.choice(LETTERS, 5))}"
        total = f"{months[row] * monthly[row]:.2f}" if months[row] else " "
        remark = f'"called, then\nwrote {row}"' if row % 3 else ""
        kind = "One year" if yearly[row] else "Month-to-month"
        facts = (key, ["Male", "Female"][row % 2], months[row], kind, remark, f"{monthly[row]:.2f}", total, "Atlantis")
        lines.append(",".join(map(str, (*facts, "Yes" if left[row] else "No"))))
    path = tmp_path_factory.mktemp("telco") / "telco.csv"
    path.write_text("\ufeff" + "\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_a_telco_table_trains_without_a_word_about_its_columns(telco: Path, tmp_path: Path) -> None:
    """The label alone is named; the model is registered, goes live past its gates, and is judged again."""
    root = tmp_path / "models"
    options = ("--label", "Churn", "--estimator", "logistic", "--root", root)
    trained = done("train", telco, *options, "--json")
    report = json.loads(trained.stdout)
    assert report["about"]["key"] == "customerID"
    assert {each["name"] for each in report["columns"]} == {
        "gender",
        "tenure",
        "Contract",
        "MonthlyCharges",
        "TotalCharges",
    }
    assert set(report["left_out"]) == {"Remark", "Country"}
    assert report["contenders"][0]["auc"] > 0.7
    assert "read 2,400 rows; ids are in customerID" in trained.stderr
    promote = ("promote", "models:/churn/1", "--why", "first", "--root", root)
    assert CliRunner().invoke(app, ["models", *map(str, promote)]).exit_code == 0
    judged = done("evaluate", telco, "--label", "Churn", "--root", root, "--out", tmp_path / "out")
    assert "customers that nobody learnt from" in judged.stdout
    assert "# models:/churn@champion" in (tmp_path / "out" / "model_card.md").read_text()
    verified = CliRunner().invoke(app, ["models", "verify", "--root", str(root)])
    assert "scores for customers" in verified.output


def test_a_model_is_registered_though_nobody_reads_the_report(telco: Path, tmp_path: Path) -> None:
    """As where the report goes to `head`, which leaves when it has seen enough."""
    root = tmp_path / "models"
    options = ("--label", "Churn", "--estimator", "logistic", "--root", root)
    reading, writing = os.pipe()
    os.close(reading)
    command = (sys.executable, "-m", "fraudstream", "churn", "train", telco, *options)
    ended = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, check=False, text=True)
    os.close(writing)
    assert ended.returncode in {0, 1}, ended.stderr
    assert "Traceback" not in ended.stderr
    verified = CliRunner().invoke(app, ["models", "verify", "--root", str(root)])
    assert "scores for customers" in verified.output


def test_made_up_customers_become_a_model(tmp_path: Path) -> None:
    """In any format, by the first commands that somebody tries; without registering where a folder is named."""
    table = tmp_path / "customers.parquet"
    assert "wrote 1,500 made-up customers" in done("customers", "--count", 1_500, "--out", table).stderr
    made = done("train", table, "--estimator", "logistic", "--out", tmp_path / "artefact", "--root", tmp_path / "none")
    assert "Contenders" in made.stdout
    assert "Calibration" in made.stdout
    assert (tmp_path / "artefact" / "manifest.json").is_file()
    assert not (tmp_path / "none").exists()
    card = (tmp_path / "artefact" / "model_card.md").read_text()
    assert "Says how likely each customer is to leave" in card
    lines = done("customers", "--count", 3, "--unlabelled").stdout.splitlines()
    assert [json.loads(line)["customer_id"] for line in lines] == ["1", "2", "3"]
    assert "churned" not in json.loads(lines[0])


def test_what_is_wrong_is_said_with_what_there_is(telco: Path, tmp_path: Path) -> None:
    """Columns, values, estimators, files, formats: each by name, with the way out."""
    root = ("--root", tmp_path / "models")
    missing = refusal("train", telco, *root)
    assert missing.message == "the customers have no column 'churned'"
    assert "MonthlyCharges" in missing.fix
    assert (
        "values no, yes; none is gone"
        in refusal("train", telco, "--label", "Churn", "--positive", "gone", *root).message
    )
    assert "has no column nobody" in refusal("train", telco, "--label", "Churn", "--id", "nobody", *root).message
    assert "--drop nothing" in refusal("train", telco, "--label", "Churn", "--drop", "nothing", *root).message
    assert "--estimator forest" in refusal("train", telco, "--estimator", "forest", *root).message
    assert "--format xml" in refusal("train", telco, "--format", "xml", *root).message
    assert "no such file" in refusal("train", tmp_path / "away.csv", *root).message
    assert "nothing to read" in refusal("train", *root).message
    assert "has no model churn" in refusal("evaluate", telco, "--label", "Churn", *root).message
    assert "something is there already" in refusal("train", telco, "--out", tmp_path, *root).message
    assert "no such folder" in refusal("customers", "--out", tmp_path / "no" / "c.csv").message


def test_who_taught_does_not_judge_under_another_id(telco: Path, tmp_path: Path) -> None:
    """Who was held back is known by the ids of training alone, whatever else tells customers apart."""
    first, *rows = telco.read_text(encoding="utf-8-sig").replace('"called, then\nwrote', '"wrote').splitlines()
    both = tmp_path / "both.csv"
    both.write_text("\n".join([f"account,{first}", *(f"K-{row:05d},{line}" for row, line in enumerate(rows))]) + "\n")
    common = ("--label", "Churn", "--root", tmp_path / "models")
    done("train", telco, *common, "--estimator", "logistic", "--name", "named")
    model = ("--model", "models:/named/1")
    wrong = refusal("evaluate", both, *common, *model, "--record")
    assert (
        wrong.message == "models:/named/1 held customers back by their customerID, and these are known by their account"
    )
    done("evaluate", both, *common, *model, "--id", "customerID")
    nameless = tmp_path / "nameless.csv"
    nameless.write_text("\n".join(line.partition(",")[2] for line in [first, *rows]) + "\n")
    done("train", nameless, *common, "--estimator", "logistic", "--name", "nameless", "--drop", "Remark")
    assert "nobody can say" in refusal("evaluate", both, *common, "--model", "models:/nameless/1").message


def test_rows_that_cannot_be_used_are_written_down(telco: Path, tmp_path: Path) -> None:
    """Too many of them end it, and the file says which they are."""
    spoilt = tmp_path / "spoilt.csv"
    lines = telco.read_text(encoding="utf-8-sig").split("\n")
    spoilt.write_text("\n".join([*lines[:-1], ",Male,1,One year,,20.00,20.00,Atlantis,Yes", ""]))
    rejects = tmp_path / "rejects.jsonl"
    options = ("--label", "Churn", "--root", tmp_path / "models", "--rejects", rejects)
    found = refusal("train", spoilt, *options, "--max-rejects", "0")
    assert "1 of 2,401 rows cannot be used (missing_field 1)" in found.message
    assert json.loads(rejects.read_text())["place"] == f"{spoilt} row 2401"


def test_a_score_is_taken_apart_from_the_customers_row(tmp_path: Path) -> None:
    """By id, from any file that has the columns; whoever is not there is named."""
    table, root, artefact = tmp_path / "c.csv", tmp_path / "none", tmp_path / "artefact"
    done("customers", "--count", 1_500, "--out", table)
    done("train", table, "--estimator", "logistic", "--out", artefact, "--root", root)
    told = done("explain", "7", table, "--model", artefact, "--root", root, "--json")
    said = json.loads(told.stdout)
    assert said["place"] == f"{table} row 7"
    assert 0.0 < float(said["score"]) < 1.0
    assert set(said["moved_millionths"]) <= set(table.read_text().partition("\n")[0].split(","))
    lines = done("explain", "7", table, "--model", artefact, "--root", root).stdout.splitlines()
    assert lines[0] == f"7: {said['score']} ({table} row 7)"
    assert len(lines) == 1 + len(said["moved_millionths"])
    assert (
        "no row has the customer_id 0007"
        in refusal("explain", "0007", table, "--model", artefact, "--root", root).message
    )
