import subprocess
import sys
from pathlib import Path

import pytest

from mappings.values import countries

KNOWN_BEFORE = {
    "AE": "united arab emirates|uae|are",
    "AR": "argentina|arg",
    "AT": "austria|österreich|aut",
    "AU": "australia|aus",
    "BE": "belgium|belgique|belgië|bel",
    "BG": "bulgaria|bgr",
    "BR": "brazil|brasil|bra",
    "CA": "canada|can",
    "CH": "switzerland|schweiz|suisse|che",
    "CL": "chile|chl",
    "CN": "china|people's republic of china|chn",
    "CO": "colombia|col",
    "CY": "cyprus|cyp",
    "CZ": "czech republic|czechia|cze",
    "DE": "germany|deutschland|deu|ger",
    "DK": "denmark|danmark|dnk",
    "EE": "estonia|est",
    "EG": "egypt|egy",
    "ES": "spain|españa|esp",
    "FI": "finland|suomi|fin",
    "FR": "france|fra",
    "GB": "united kingdom|uk|great britain|britain|england|scotland|wales|northern ireland|gbr",
    "GR": "greece|grc|hellas",
    "HK": "hong kong|hong kong sar|hkg",
    "HR": "croatia|hrv",
    "HU": "hungary|hun",
    "ID": "indonesia|idn",
    "IE": "ireland|republic of ireland|irl",
    "IL": "israel|isr",
    "IN": "india|ind",
    "IS": "iceland|isl",
    "IT": "italy|italia|ita",
    "JP": "japan|jpn",
    "KE": "kenya|ken",
    "KR": "south korea|korea|republic of korea|korea, republic of|kor",
    "LT": "lithuania|ltu",
    "LU": "luxembourg|lux",
    "LV": "latvia|lva",
    "MA": "morocco|mar",
    "MT": "malta|mlt",
    "MX": "mexico|méxico|mex",
    "MY": "malaysia|mys",
    "NG": "nigeria|nga",
    "NL": "netherlands|the netherlands|nederland|holland|nld",
    "NO": "norway|norge|nor",
    "NZ": "new zealand|nzl",
    "PE": "peru|per",
    "PH": "philippines|the philippines|phl",
    "PK": "pakistan|pak",
    "PL": "poland|polska|pol",
    "PT": "portugal|prt",
    "RO": "romania|rou",
    "RS": "serbia|srb",
    "RU": "russia|russian federation|rus",
    "SA": "saudi arabia|sau",
    "SE": "sweden|sverige|swe",
    "SG": "singapore|sgp",
    "SI": "slovenia|svn",
    "SK": "slovakia|svk",
    "TH": "thailand|tha",
    "TR": "turkey|türkiye|turkiye|tur",
    "TW": "taiwan|twn",
    "UA": "ukraine|ukr",
    "US": "united states|united states of america|usa|u.s.|u.s.a.|america",
    "UY": "uruguay|ury",
    "VN": "vietnam|viet nam|vnm",
    "ZA": "south africa|zaf",
}
"""The names that a table of our own knew before pycountry."""


@pytest.mark.parametrize("code", KNOWN_BEFORE)
def test_every_name_of_a_country_that_was_known_still_is(code: str) -> None:
    for name in (*KNOWN_BEFORE[code].split("|"), code):
        for spelling in (name, name.upper(), name.title(), f"  {name} "):
            assert countries.code(spelling) == code


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Qatar", "QA"),
        ("Vereinigte Staaten", "US"),
        ("Allemagne", "DE"),
        ("Bosnia and Herzegovina", "BA"),
        ("Kingdom of Norway", "NO"),
        ("XKX", "XKX"),
        ("zz", "ZZ"),
        ("Middle  Earth", "Middle Earth"),
        ("", ""),
    ],
)
def test_countries_that_no_table_of_ours_had_are_known_and_unknown_ones_kept(name: str, code: str) -> None:
    assert countries.code(name) == code


def test_domains_and_countries_need_no_network_and_write_no_file(tmp_path: Path) -> None:
    said = (
        "import sys\n"
        "def refuse(event, given): assert not event.startswith('socket.'), event\n"
        "sys.addaudithook(refuse)\n"
        "from mappings.values import countries, domains\n"
        "assert domains.domain('https://shop.acme.co.uk/') == 'acme.co.uk'\n"
        "assert domains.domain('shop.acme.nosuchsuffix') == 'acme.nosuchsuffix'\n"
        "assert countries.code('Deutschland') == 'DE'\n"
    )
    env = {
        "HOME": str(tmp_path),
        "XDG_CACHE_HOME": str(tmp_path),
        "TLDEXTRACT_CACHE": str(tmp_path),
        "TLDEXTRACT_PUBLIC_SUFFIX_LIST_URLS": "http://127.0.0.1:9/list",
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    done = subprocess.run([sys.executable, "-c", said], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.rglob("*")) == []
