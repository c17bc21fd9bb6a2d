import pytest

from benchmark.system.passwords import hide_passwords


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("http://ann:s3cret@host:80/x", "http://ann:***@host:80/x"),
        ("no route to http://ann:a@b/c@host, sorry", "no route to http://ann:***@host"),
        ("mysql+pymysql://:s3cret@host/db", "mysql+pymysql://:***@host/db"),
        ("postgresql:///db?user=a&password=s3cret&x=1", "a&password=***&x=1"),
        ("https://host/?access_token=s3cret", "https://host/?access_token=***"),
        ("https://host/?api_key=s3cret&x=1", "https://host/?api_key=***&x=1"),
        ("MLflow at http://s3cret@127.0.0.1:9 fails", "at http://***@127.0.0.1:9 f"),
        ("postgresql://ann:s3 cret@host/db", "postgresql://ann:***@host/db"),
        ("mssql+pyodbc:///?odbc_connect=A%3DX%3BPWD%3Ds3cret", "odbc_connect=***"),
        ("MLFLOW_TRACKING_URI=ann:s3cret@host is", "URI=ann:***@host is"),
        ("http://host:5000/x", "http://host:5000/x"),
        ("a.py:12: ann@host is at 10:30", "a.py:12: ann@host is at 10:30"),
        ("sqlite:////home/ann/a:b@c/mlflow.db", "sqlite:////home/ann/a:b@c/mlflow.db"),
    ],
)
def test_passwords_in_addresses_are_hidden(text, shown):
    assert shown in hide_passwords(text)
    assert "s3" not in hide_passwords(text)
