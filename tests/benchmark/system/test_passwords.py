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
        ("http://host:5000/x", "http://host:5000/x"),
        ("sqlite:////home/ann/a:b@c/mlflow.db", "sqlite:////home/ann/a:b@c/mlflow.db"),
    ],
)
def test_passwords_in_addresses_are_hidden(text, shown):
    assert shown in hide_passwords(text)
    assert "s3cret" not in hide_passwords(text)
