"""The current state of every record of all services, as each service reads it."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

import msgspec
from msgspec.structs import replace

from chassis import clock
from chassis.db.database import Database, Tx
from chassis.nouns.statements import get_locked
from services.delivery.action_points import store as action_point_store
from services.delivery.deliveries import store as delivery_store
from services.delivery.effects.model import EFFECTS
from services.delivery.experts import store as expert_store
from services.delivery.files import store as delivery_files
from services.delivery.follow_ups import store as follow_up_store
from services.delivery.results import store as result_store
from services.delivery.screenings import store as screening_store
from services.delivery.sessions import store as session_store
from services.delivery.strategies import store as strategy_store
from services.delivery.thread import store as thread_store
from services.directory.people import store as directory_store
from services.matching.joint_deliveries import store as joint_store
from services.matching.matches import store as match_store
from services.matching.offerings import store as offering_store
from services.matching.packages import store as package_store
from services.matching.rounds import store as round_store
from services.notifications.alerts import store as alert_store
from services.notifications.digests.model import Digest
from services.notifications.notices import store as notifications_store
from services.notifications.notices import subscription_store
from services.notifications.webhooks import store as webhook_store
from services.pledges import policy
from services.pledges.activities import store as activity_store
from services.pledges.allocations import store as allocation_store
from services.pledges.in_kind import store as in_kind_store
from services.pledges.ledger import store as ledger
from services.pledges.open_data.imports import store as import_store
from services.pledges.pledge import store as pledges_store
from services.pledges.proposals import store as proposal_store
from services.reports.annual import store as report_store
from services.requests import policy as requests_policy
from services.requests.attachment import store as attachment_store
from services.requests.clock import store as clock_store
from services.requests.mail import store as mail_store
from services.requests.observation.model import Observation
from services.requests.request import store as requests_store
from services.requests.work import view_store
from services.sherloc.practices import store as practice_store
from tests.builders import a_caller
from tests.platform.parking import park
from tests.platform.portal_steps import portal_records
from tests.platform.sherloc_steps import records_of_sherloc

Records = Mapping[str, Mapping[UUID | str, Any]]


async def records_of(databases: Mapping[str, Database]) -> Records:
    auditor = a_caller("UNODC:auditor")
    records: dict[str, dict[UUID | str, Any]] = {}

    async def ids(tx: Tx, table: str, where: str = "true") -> list[UUID]:
        return [row[0] for row in await tx.fetch(f"SELECT {table}_id FROM {table} WHERE {where}")]

    async with databases["requests"].transaction() as tx:
        service = a_caller("UNODC:service")
        of_states = [(one, await requests_store.locked(tx, one)) for one in await ids(tx, "request")]
        now = clock.now()
        files = [await attachment_store.get_as_service(tx, one) for one in await ids(tx, "attachment")]
    records["request_id"] = {one: replace(request, read_at=now) for one, request in of_states if request}
    records["attachment_id"] = {
        file.attachment_id: requests_policy.file_of(records["request_id"][file.request_id], file.purpose)
        for file in files
        if file
    }
    async with databases["requests"].transaction() as tx:
        for table in ("translation", "public_summary"):
            rows = await tx.fetch(f"SELECT {table}_id AS id, request_id FROM {table}")
            records[f"{table}_id"] = {row["id"]: records["request_id"][row["request_id"]] for row in rows}
        rows = await tx.fetch("SELECT * FROM saved_view")
        records["view_id"] = {row["view_id"]: view_store.view_of(dict(row)) for row in rows}
        rows = await tx.fetch("SELECT * FROM observation")
        records["observation_id"] = {row["observation_id"]: msgspec.convert(dict(row), Observation) for row in rows}
        records["clock_id"] = {one: await clock_store.get_as_service(tx, one) for one in await ids(tx, "clock")}
        mails = [await mail_store.get_as_service(tx, one) for one in await ids(tx, "mail")]
    records["mail_id"] = {one.mail_id: one for one in mails if one}
    records["file_id"] = {file.file_id: one for one in mails if one for file in one.files}
    event_id = uuid4()
    for name in ("requests", "matching", "pledges", "delivery", "sherloc", "notifications", "reports"):
        await park(databases[name], event_id)
    records["event_id"] = {event_id: None}
    async with databases["matching"].transaction() as tx:
        records["offering_id"] = {
            one: await offering_store.get_as_service(tx, one) for one in await ids(tx, "offering")
        }
        rows = await tx.fetch("SELECT offering_translation_id AS id, offering_id FROM offering_translation")
        records["offering_translation_id"] = {row["id"]: records["offering_id"][row["offering_id"]] for row in rows}
        records["match_id"] = {}
        suggested = await tx.fetch("SELECT match_id FROM line_ranking r, untouched_matches(r.line_id)")
        for one in (*await ids(tx, "match"), *(row["match_id"] for row in suggested)):
            match = await match_store.get(tx, one, service)
            disclosed = await tx.fetchval("SELECT disclosed($1, $2)", match.request_id, match.provider)
            records["match_id"][one] = replace(match, disclosed=disclosed)
        records["joint_delivery_id"] = {
            one: await joint_store.get(tx, one, service) for one in await ids(tx, "joint_delivery")
        }
        for package in [await package_store.get_as_service(tx, one) for one in await ids(tx, "package")]:
            assert package is not None
            disclosed = await tx.fetchval("SELECT disclosed($1, $2)", package.request_id, package.donor)
            records.setdefault("package_id", {})[package.package_id] = replace(package, disclosed=disclosed)
        records["round_id"] = {one: await round_store.get_as_service(tx, one) for one in await ids(tx, "round")}
    async with databases["delivery"].transaction() as tx:
        records["delivery_id"] = {
            one: await delivery_store.get_as_service(tx, one) for one in await ids(tx, "delivery")
        }
        records["delivery_file_id"] = {
            one: await delivery_files.get_as_service(tx, one) for one in await ids(tx, "file")
        }
        records["message_id"] = {one: await thread_store.get_as_service(tx, one) for one in await ids(tx, "message")}
        agreements = await tx.fetch("SELECT agreement_id, delivery_id FROM agreement")
        of_delivery = records["delivery_id"]
        records["agreement_id"] = {row["agreement_id"]: of_delivery[row["delivery_id"]] for row in agreements}
        records["expert_id"] = {one: await expert_store.get_as_service(tx, one) for one in await ids(tx, "expert")}
        records["result_id"] = {one: await result_store.get_as_service(tx, one) for one in await ids(tx, "result")}
        records["action_point_id"] = {
            one: await action_point_store.get_as_service(tx, one) for one in await ids(tx, "action_point")
        }
        records["screening_id"] = {
            one: await screening_store.get_as_service(tx, one) for one in await ids(tx, "screening")
        }
        records["strategy_id"] = {
            one: await strategy_store.get_as_service(tx, one) for one in await ids(tx, "strategy")
        }
        records["effect_id"] = {one: await get_locked(tx, EFFECTS, one) for one in await ids(tx, "effect")}
        records["follow_up_id"] = {
            one: await follow_up_store.get_as_service(tx, one) for one in await ids(tx, "follow_up")
        }
        records["session_id"] = {one: await session_store.get_as_service(tx, one) for one in await ids(tx, "session")}
    async with databases["reports"].transaction() as tx:
        records["report_id"] = {one: await report_store.get_as_service(tx, one) for one in await ids(tx, "report")}
    async with databases["sherloc"].transaction() as tx:
        records |= await records_of_sherloc(tx, ids)
        records |= await portal_records(tx, ids)
        records["practice_id"] = {
            one: await practice_store.get_as_service(tx, one) for one in await ids(tx, "practice")
        }
    async with databases["pledges"].transaction() as tx:
        records["pledge_id"] = {one: await pledges_store.locked_pledge(tx, one) for one in await ids(tx, "pledge")}
        records["requirement_id"] = {
            one: await allocation_store.locked_requirement(tx, one) for one in await ids(tx, "requirement")
        }
        records["allocation_id"] = {
            one: await allocation_store.get_allocation(tx, one, auditor) for one in await ids(tx, "allocation")
        }
        records["proposal_id"] = {one: await proposal_store.get(tx, one) for one in await ids(tx, "proposal")}
        records["import_id"] = {
            one.import_id: one for one in await import_store.imports(tx, auditor, before=None, limit=9)
        }
        records["in_kind_contribution_id"] = {
            one: await in_kind_store.locked(tx, one) for one in await ids(tx, "in_kind_contribution")
        }
        records["activity_id"] = {one: await activity_store.get(tx, one) for one in await ids(tx, "activity")}
        entries = await ledger.entries(
            tx, auditor, fund=None, pledge_id=None, allocation_id=None, as_of=None, before=None, limit=1000
        )
        records["entry_id"] = {one.entry_id: policy.Entry(one.donor) for one in entries}
        records["donor"] = {one.donor: policy.Entry(one.donor) for one in entries if one.donor}
    async with databases["notifications"].transaction() as tx:
        records["notification_id"] = {
            one: await notifications_store.locked(tx, one)
            for one in await ids(tx, "notification", "webhook_id IS NULL")
        }
        records["alert_id"] = {one: await alert_store.get_as_service(tx, one) for one in await ids(tx, "alert")}
        digests = await tx.fetch("SELECT * FROM digest WHERE status = 'issued'")
        records["digest_id"] = {row["digest_id"]: msgspec.convert(dict(row), Digest) for row in digests}
        records["webhook_id"] = {one: await webhook_store.locked(tx, one) for one in await ids(tx, "webhook")}
        records["subscription_id"] = {
            one: await subscription_store.subscription(tx, one) for one in await ids(tx, "subscription")
        }
    async with databases["directory"].transaction() as tx:
        for kind in ("person", "appointment", "client"):
            records[f"{kind}_id"] = {
                one: await directory_store.get_as_service(tx, kind, one) for one in await ids(tx, kind)
            }
    return records
