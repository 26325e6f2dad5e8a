"""Values of example fields of translations and public summaries; see `sample_values`."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

TRANSLATED: Mapping[str, Any] = MappingProxyType(
    {
        # a translation
        "made_by": "unodc",
        "source_language": "en",
        "source_hash": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "source_revision": 1,
        "machine": False,
        "TranslationAdded.language": "fr",
        "NewTranslation.language": "fr",
        "NewTranslation.title": "[Fictitious sample] Formation à l’entraide judiciaire",
        "TranslationBody.title": "[Fictitious sample] Formation à l’entraide judiciaire",
        "NewTranslation.need": "[Fictitious sample] L’autorité centrale est nouvelle.",
        "TranslationBody.need": "[Fictitious sample] L’autorité centrale est nouvelle.",
        "NewTranslatedLine.outcome": "[Fictitious sample] Les demandes sont rédigées sans aide.",
        "OfferingTranslationAdded.made_by": "provider",
        "OfferingTranslationReplaced.made_by": "provider",
        "OfferingTranslationAdded.language": "fr",
        "NewOfferingTranslation.language": "fr",
        "NewOfferingTranslation.title": "[Fictitious sample] Formation à l’entraide judiciaire",
        "OfferingTranslationBody.title": "[Fictitious sample] Formation à l’entraide judiciaire",
        "NewOfferingTranslation.summary": "[Fictitious sample] Cinq jours d’exercices.",
        "OfferingTranslationBody.summary": "[Fictitious sample] Cinq jours d’exercices.",
        # a public summary
        "SummarySource.title": "[Fictitious sample] Training of the central authority",
        "SummarySource.body": "[Fictitious sample] Kenya asks for a training of its central authority.",
        "TranslatedSummary.title": "[Fictitious sample] Formation de l’autorité centrale",
        "TranslatedSummary.body": "[Fictitious sample] Le Kenya demande une formation de son autorité centrale.",
        "PublicSummaryTranslated.language": "fr",
        "PublicSummaryTranslationRemoved.language": "fr",
    }
)
