"""What changes early childhood: the only writers."""

from preau.childcare.services.absences import (
    add_certificate,
    cancel_absence,
    certify_reported,
    report_absence,
    report_everywhere,
)
from preau.childcare.services.commissions import (
    close_commission,
    decide,
    open_commission,
    remove_place,
    save_place,
    set_members,
)
from preau.childcare.services.contracts import (
    agree,
    amend_contract,
    end_contract,
    revise_tariffs,
    sign_contract,
)
from preau.childcare.services.hours import correct_presence, punch, punch_child, punch_code
from preau.childcare.services.incomes import record_income
from preau.childcare.services.offers import (
    answer_offer,
    end_of_stay,
    lapse_offers,
    make_offer,
    remind_offers,
)
from preau.childcare.services.pieces import claim, decide_piece, give_piece
from preau.childcare.services.places import save_section, save_settings
from preau.childcare.services.punches import receive_punches
from preau.childcare.services.scales import publish_scale, save_scale
from preau.childcare.services.signing import record_paper, send_for_signature, sign_online
from preau.childcare.services.statements import close_month, mark_billed, reopen_statement
from preau.childcare.services.wishes import (
    Wished,
    change_wishes,
    complete_birth,
    preregister,
    withdraw,
)

__all__ = [
    "Wished",
    "add_certificate",
    "agree",
    "amend_contract",
    "answer_offer",
    "cancel_absence",
    "certify_reported",
    "change_wishes",
    "claim",
    "close_commission",
    "close_month",
    "complete_birth",
    "correct_presence",
    "decide",
    "decide_piece",
    "end_contract",
    "end_of_stay",
    "give_piece",
    "lapse_offers",
    "make_offer",
    "mark_billed",
    "open_commission",
    "preregister",
    "publish_scale",
    "punch",
    "punch_child",
    "punch_code",
    "receive_punches",
    "record_income",
    "record_paper",
    "remind_offers",
    "remove_place",
    "reopen_statement",
    "report_absence",
    "report_everywhere",
    "revise_tariffs",
    "save_place",
    "save_scale",
    "save_section",
    "save_settings",
    "send_for_signature",
    "set_members",
    "sign_contract",
    "sign_online",
    "withdraw",
]
