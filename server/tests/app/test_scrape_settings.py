"""The `scrape` list of the configuration: every mistake is named with its place, and no secret is repeated."""

from __future__ import annotations

from pathlib import Path

import pytest

from tapetum_server.app.settings import load_settings
from tapetum_server.app.settings_errors import SettingsError


@pytest.mark.covers("prometheus-targets")
@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ('[[scrape]]\njob = "a"\nurl = "http://x/metrics"\n[[scrape]]\njob = "b"\nurl = "http://y/"\ninterval_s = 0', "scrape[1].interval_s is 0; expected a number from 1 to 86400"),
        ('[[scrape]]\njob = "a"\nurl = "http://x/"\nintervall_s = 5', "scrape[0] has no setting 'intervall_s'. Did you mean 'interval_s'?"),
        ('[[scrape]]\nurl = "http://x/"', "scrape[0].job is missing"),
        ('[[scrape]]\njob = "a"\nurl = "x:9/metrics"', "scrape[0].url is 'x:9/metrics'; expected an address such as"),
        ('[[scrape]]\njob = "a"\nurl = "http://u:p@x/"', "expected no user or password in it"),
        ('[[scrape]]\njob = "a"\nurl = "http://x/"\ntimeout_s = 30', "scrape[0].timeout_s is 30; expected at most interval_s"),
        ('[[scrape]]\njob = "a"\nurl = "http://x/"\n[[scrape]]\njob = "a"\nurl = "http://x/b"', "as scrape[0] has"),
        ('[[scrape]]\njob = "a"\nurl = "http://x/"\nbearer_token = 5', "scrape[0].bearer_token expected a text"),
        ('[[scrape]]\njob = "a"\nurl = "http://x/"\nbearer_token = "s3cret"\nusername = "u"', "bearer_token and username; only one"),
        ('[[scrape]]\njob = "a"\nurl = "http://x/"\nproject = "a b"', "scrape[0].project is 'a b'"),
        ('[[scrape]]\njob = "a"\nurl = "http://x/"\nkeep = "a*"', "scrape[0].keep is 'a*'; expected a list"),
        ('[[scrape]]\njob = "a"\nurl = "http://x/"\nlabels = {job = "b"}', "that is a setting of its own"),
        ('[scrape]\njob = "a"', "begin each with [[scrape]]"),
        ("scrap = 1", "Did you mean 'scrape'?"),
    ],
)  # fmt: skip
def test_a_wrong_entry_is_named(tmp_path: Path, toml: str, said: str) -> None:
    file = tmp_path / "tapetum.toml"
    file.write_text(toml)
    with pytest.raises(SettingsError) as caught:
        load_settings({}, file, {})
    assert said in str(caught.value)
    assert "s3cret" not in str(caught.value)


@pytest.mark.covers("prometheus-targets")
def test_what_is_left_out_has_its_documented_default(tmp_path: Path) -> None:
    file = tmp_path / "tapetum.toml"
    file.write_text(
        '[[scrape]]\njob = "vllm"\nurl = "http://127.0.0.1:8000/metrics?x=1"\ninterval_s = 5\nbearer_token = "s3cret"'
    )
    (target,) = load_settings({}, file, {}).scrape
    assert (target.project, target.name, target.interval_s, target.patience_s) == ("default", "127.0.0.1:8000", 5, 5)
    assert (target.max_body_mib, target.max_samples, target.honor_labels) == (16, 50_000, False)
    assert target.own_labels == {"job": "vllm", "instance": "127.0.0.1:8000"}
    assert "s3cret" not in repr(target)
    assert load_settings({}, None, {}).scrape == ()
