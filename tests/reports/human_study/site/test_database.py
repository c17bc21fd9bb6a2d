"""Opening the database: migrations, secret and error messages."""

import os
import sqlite3
import stat

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from reports.human_study.site.database import DatabaseError, open_database
from reports.human_study.site.tables import Table


def test_migrations_create_the_tables_of_the_code(tmp_path):
    database = open_database(f"sqlite:///{tmp_path}/r.sqlite", "s-1")
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Table.metadata) == []
    database.close()


def test_the_secret_survives_a_restart(tmp_path):
    url = f"sqlite:///{tmp_path}/r.sqlite"
    secrets = []
    for _ in range(2):
        database = open_database(url, "s-1")
        secrets.append(database.secret)
        database.close()
    assert secrets[0] == secrets[1]
    assert len(secrets[0]) == 32


def test_the_file_is_private(tmp_path):
    open_database(f"sqlite:///{tmp_path}/r.sqlite", "s-1").close()
    assert stat.S_IMODE(os.stat(tmp_path / "r.sqlite").st_mode) == 0o600


def test_commits_are_on_the_disk(tmp_path):
    database = open_database(f"sqlite:///{tmp_path}/r.sqlite", "s-1")
    with database.engine.connect() as connection:
        asked = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
        asked["secure_delete"] = 1
        for pragma, value in asked.items():
            answer = connection.exec_driver_sql(f"PRAGMA {pragma}").scalar()
            assert answer == value
    database.close()


def test_a_database_holds_one_study(tmp_path):
    url = f"sqlite:///{tmp_path}/r.sqlite"
    open_database(url, "s-1").close()
    with pytest.raises(DatabaseError, match="the ratings of study s-1, not of s-2"):
        open_database(url, "s-2")


def test_a_newer_database_is_refused(tmp_path):
    url = f"sqlite:///{tmp_path}/r.sqlite"
    open_database(url, "s-1").close()
    with sqlite3.connect(tmp_path / "r.sqlite") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(DatabaseError, match="another version of avatarbench"):
        open_database(url, "s-1")


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("ratings.sqlite", "must be sqlite:///PATH"),
        ("mysql://x/y", "mysql is not supported"),
        ("sqlite://", "needs a path"),
        ("sqlite:////nowhere/at/all.sqlite", "cannot write to /nowhere"),
        ("sqlite:////what?x=1/r.sqlite", "write [?] in a path as %3F"),
        ("postgresql://u:secret@127.0.0.1:1/x", "cannot use"),
        ("postgresql://127.0.0.1:1/x?password=secret", "cannot use"),
    ],
)
def test_error_messages_hide_the_password(url, says):
    with pytest.raises(DatabaseError, match=says) as caught:
        open_database(url, "s-1")
    assert "secret" not in str(caught.value)


def test_a_file_that_is_no_database_is_not_changed(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("not a database, but long enough to be taken for one " * 40)
    with pytest.raises(DatabaseError, match="not a database"):
        open_database(f"sqlite:///{path}", "s-1")
    assert path.read_text().startswith("not a database, but")
