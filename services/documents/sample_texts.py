"""Examples of answers that have no schema of ours: texts and documents of other specifications."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

BY_OPERATION: Mapping[str, Any] = MappingProxyType(
    {
        "show_openapi": {"openapi": "3.1.0", "info": {"title": "Entraide", "version": "0.1.0"}, "paths": {}},
        "show_asyncapi": {"asyncapi": "3.0.0", "info": {"title": "Entraide: facts", "version": "0.1.0"}},
        "issue_token": {"access_token": "eyJ…", "token_type": "Bearer", "expires_in": 900, "scope": "read write"},
        "live": "live\n",
        "confirm_unsubscribing": "<!doctype html>\n<title>Stop these mails?</title>\n",
        "unsubscribe": "<!doctype html>\n<title>No more mails</title>\n",
        "show_catalogue": "<urn:entraide:open-data:catalogue> a <http://www.w3.org/ns/dcat#Catalog> .\n",
        "show_scheme": "<https://entraide.example/scheme> a <http://www.w3.org/2004/02/skos/core#ConceptScheme> .\n",
        "show_iati": '<?xml version="1.0" encoding="UTF-8"?>\n<iati-activities version="2.03"/>\n',
        "work_as_csv": "Reference,Title,Language,State,Kinds of assistance,Step\r\n",
        "flows_as_csv": "flow_id,status,fund,donor,minor,currency\r\n",
    }
)
"""The example of an answer, by operation."""
