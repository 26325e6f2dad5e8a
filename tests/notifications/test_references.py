"""The references of notices in each language: days, articles and States."""

import pytest

from contracts.values import Language
from services.notifications.notices.references import localized
from services.notifications.notices.wording import words

MEETING = {
    Language.AR: "دولتكم مدعوة إلى اجتماع غير رسمي في 30 ديسمبر 2026",
    Language.EN: "Your State is invited to an informal meeting on 30 December 2026",
    Language.ES: "Su Estado está invitado a una reunión oficiosa el 30 de diciembre de 2026",
    Language.FR: "Votre État est invité à une réunion informelle le 30 décembre 2026",
    Language.RU: "Ваше государство приглашено на неофициальную встречу 30 декабря 2026\u202fг.",
    Language.ZH: "贵国受邀参加2026年12月30日的非正式会议",
}
LAW = {
    Language.AR: "قانون دولتكم المتعلق بالمادة 5 (UNTOC) منشور في بوابة SHERLOC",
    Language.EN: "Your State's law on article 5 (UNTOC) is on SHERLOC",
    Language.ES: "La ley de su Estado sobre el artículo 5 (UNTOC) está en SHERLOC",
    Language.FR: "La loi de votre État relative à l’article 5 (UNTOC) est sur SHERLOC",
    Language.RU: "Закон вашего государства по статье 5 (UNTOC) опубликован на SHERLOC",
    Language.ZH: "贵国关于UNTOC第5条的法律已在SHERLOC上公布",
}


@pytest.mark.parametrize("language", Language)
def test_day_is_written_out_in_the_language(language: Language) -> None:
    assert words("sherloc.meeting.invited.v1", "2026-12-30", language).subject == MEETING[language]


@pytest.mark.parametrize("language", Language)
def test_article_is_named_by_number_and_instrument(language: Language) -> None:
    assert words("sherloc.legislation.published.v1", "UNTOC:5", language).subject == LAW[language]


@pytest.mark.parametrize(
    ("language", "name"), [(Language.FR, "Bolivie (État plurinational de)"), (Language.ZH, "肯尼亚")]
)
def test_state_has_its_united_nations_name(language: Language, name: str) -> None:
    assert name in words("sherloc.legislation_check.asked.v1", {"zh": "KEN", "fr": "BOL"}[language], language).subject


@pytest.mark.parametrize("code", ["SHERLOC-MNT", "TA-2026-00001", "UNODC", "HELPERS", "2026-1-1", ""])
def test_any_other_code_stays_as_it_is(code: str) -> None:
    assert [code] * 6 == [localized(code, language) for language in Language]
