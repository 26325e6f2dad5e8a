"""Stop words: short lists compiled by the project, folded like words."""

from collections.abc import Mapping
from typing import Final

_LISTS = {
    "ar": (
        "و في من الي علي عن مع هذا هذه ذلك تلك التي الذي الذين ان او ثم كما لا ما لم لن قد كان كانت يكون تكون هو "
        "هي هم كل بعض غير بين عند حتي اذا اي به بها له لها لهم فيه فيها منه منها عليه عليها وفي ومن وعلي والي بما "
        "مما حيث لدي سوف"
    ),
    "en": (
        "a an the and or of in on at to for from by with without as is are was were be been being has have had do "
        "does did not no this that these those it its their his her our your we they he she i you who whom which "
        "what will would shall should can could may might must s t than then there here such into under over "
        "between through during about also other any all each"
    ),
    "es": (
        "el la los las lo un una unos unas y e o u de del al a en con sin por para como que se su sus es son fue "
        "fueron ser sera sean esta este estos estas ese esa esos esas no ni si le les mas ya entre sobre desde "
        "hasta durante cuando donde cuyo cuya tambien también más sí está están será ha han haber otro otra otros "
        "otras todo toda todos todas"
    ),
    "fr": (
        "le la les l un une des du de d et ou a à au aux en dans par pour sur sous avec sans ce cet cette ces c "
        "qui que qu quoi dont où se s sa son ses leur leurs il elle ils elles on nous vous je j m t n ne pas plus "
        "est sont été être etre ete sera seront ont avoir comme entre lors ainsi aussi autre autres tout toute "
        "tous toutes y"
    ),
    "ru": (
        "и в во на с со к ко у о об от до из за по под над при для без не ни но а или что чтобы как так же ли бы "
        "то это этот эта эти этого этой этих тот та те его ее её их он она оно они мы вы я который которая "
        "которое которые которых быть был была было были будет будут есть также между через после перед все всех "
        "всего"
    ),
    "zh": (
        "的 了 和 与 及 以及 在 是 为 对 将 从 到 等 其 这 那 该 并 或 而 也 又 "
        "就 被 把 于 由 以 之 所 有 不 一 个 中 上 下 我 你 他 她 它 们 我们 他们"
    ),
}

STOP_WORDS: Final[Mapping[str, frozenset[str]]] = {
    language: frozenset(every.split()) for language, every in _LISTS.items()
}
