"""Settings, all by environment variables (12-factor); each is listed in docs/operations.md.

`PREAU_MODE` is `demo` (make run), `test` or `production`. Production refuses to start with a
demo secret, with DEBUG or with the demo bank (`preau.config.checks`).
"""

from datetime import timedelta
from pathlib import Path

import dj_database_url
from csp.constants import NONE, SELF
from environs import Env

env = Env()

PROJECT_DIR = Path(__file__).resolve().parents[3]
VAR_DIR = Path(env.str("PREAU_VAR_DIR", str(PROJECT_DIR / "var")))

MODE = env.str("PREAU_MODE", "demo")
PRODUCTION = MODE == "production"
DEMO = MODE == "demo"

DEMO_SECRET_KEY = "demo-secret-key-never-in-production-" + "0" * 24
SECRET_KEY = env.str("PREAU_SECRET_KEY", "" if PRODUCTION else DEMO_SECRET_KEY)
SECRET_KEY_FALLBACKS: list[str] = env.list("PREAU_SECRET_KEY_FALLBACKS", [])
DEBUG = env.bool("PREAU_DEBUG", False)
ALLOWED_HOSTS = env.list("PREAU_ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
BASE_URL = env.str("PREAU_BASE_URL", "http://localhost:8000").rstrip("/")
CSRF_TRUSTED_ORIGINS = env.list("PREAU_CSRF_TRUSTED_ORIGINS", [BASE_URL])

# The demo bank simulator; empty in production.
DEMO_BANK_URL = env.str("PREAU_DEMO_BANK_URL", "http://localhost:8001" if DEMO else "").rstrip("/")

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.forms",
    "csp",
    "axes",
    "django_htmx",
    "lucide",
    "pgtrigger",
    "procrastinate.contrib.django",
    # From the ground up.
    "preau.audit",
    "preau.town",
    "preau.messaging",
    "preau.documents",
    "preau.accounts",
    "preau.families",
    "preau.catalogue",
    "preau.rulebook",
    "preau.enrolments",
    "preau.openings",
    "preau.childsheet",
    "preau.bookings",
    "preau.certificates",
    "preau.schools",
    "preau.childcare",
    "preau.attendance",
    "preau.kitchen",
    "preau.billing",
    "preau.payments",
    "preau.directdebit",
    "preau.cashdesk",
    "preau.recovery",
    "preau.reporting",
    "preau.casework",
    "preau.journeys",
    "preau.ui",
    "preau.api",
    "preau.townhall",
    "preau.portal",
    "preau.public",
]
if not PRODUCTION:
    INSTALLED_APPS.append("preau.demo")
INSTALLED_APPS.append("preau.config")

# The waiting room stands before everything that costs something; threads are granian's.
WAITING_ROOM = env.bool("PREAU_WAITING_ROOM", MODE != "test")
WEB_THREADS = env.int("PREAU_WEB_THREADS", 2)
WEB_WORKERS = env.int("PREAU_WEB_WORKERS", 2)

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    *(["preau.portal.waiting.middleware.WaitingRoom"] if WAITING_ROOM else []),
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "preau.config.nonsense.Nonsense",
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "preau.config.policy.Policy",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "preau.config.urls"
WSGI_APPLICATION = "preau.config.wsgi.application"
FORM_RENDERER = "preau.ui.forms.FormRenderer"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "preau.ui.context.town",
                "preau.townhall.nav.office",
            ],
            "builtins": ["django.templatetags.i18n", "preau.ui.templatetags.preau"],
        },
    }
]

# The database: PostgreSQL 15 or later, always. `preau run` sets DATABASE_URL for the embedded one.
DATABASES = {
    "default": dj_database_url.parse(
        env.str("DATABASE_URL", "postgresql://preau@localhost:5432/preau"),
        conn_max_age=env.int("PREAU_CONN_MAX_AGE", 600),
        conn_health_checks=True,
    )
}
# Nothing of ours ever switches a trigger off. Said once per connection: else each row that a
# trigger watches asks, and pays with an error caught in a subtransaction, whose end walks through
# every check deferred so far (30,000 invoices: minutes).
_options = DATABASES["default"].setdefault("OPTIONS", {})
# Prepared statements are planned once for all (kernel.lane): never again for each list of ids.
_options["options"] = (
    f"{_options.get('options', '')} -c pgtrigger.ignore={{}} -c plan_cache_mode=force_generic_plan"
).strip()
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

# Sign-in.
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "preau.families.auth.FamilyBackend",
    "preau.accounts.auth.AgentBackend",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
LOGIN_URL = "portal:sign-in"
PASSWORD_RESET_TIMEOUT = int(timedelta(hours=2).total_seconds())
# A lock falls on the pair (identifier, address): a stranger elsewhere cannot lock a family out.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
# Without it, axes would look for the model's USERNAME_FIELD (an id) and count by address alone.
AXES_USERNAME_FORM_FIELD = "username"
AXES_FAILURE_LIMIT = env.int("PREAU_SIGN_IN_FAILURES", 8)
AXES_COOLOFF_TIME = timedelta(minutes=env.int("PREAU_SIGN_IN_LOCK_MINUTES", 15))
# One address may miss this many different accounts in that time (preau.ui.lockout).
SIGN_IN_ACCOUNTS = env.int("PREAU_SIGN_IN_ACCOUNTS", 40)
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_CALLABLE = "preau.ui.lockout.locked_out"
AXES_ENABLE_ACCESS_FAILURE_LOG = False
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False
PROXY_COUNT = env.int("PREAU_PROXY_COUNT", 0)
AXES_CLIENT_IP_CALLABLE = "preau.ui.lockout.client_address"
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address"]

SESSION_ENGINE = "preau.accounts.sessions"
SESSION_COOKIE_NAME = "preau_session"
SESSION_COOKIE_AGE = int(timedelta(days=14).total_seconds())
AGENT_SESSION_AGE = int(timedelta(hours=10).total_seconds())
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "preau_csrf"
CSRF_FAILURE_VIEW = "preau.ui.errors.csrf_failure"

SECURE = env.bool("PREAU_HTTPS", PRODUCTION)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SECURE_SSL_REDIRECT = SECURE and env.bool("PREAU_HTTPS_REDIRECT", True)
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
SECURE_HSTS_SECONDS = env.int("PREAU_HSTS_SECONDS", 31_536_000 if SECURE else 0)
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
if env.bool("PREAU_BEHIND_PROXY", False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# No third party, no inline style or script. Only /encart/ relaxes frame-ancestors (public.embed);
# form-action lets the payment form leave for the banks (payments adds its own, page by page).
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

LANGUAGE_CODE = "fr"
LANGUAGES = [("fr", "Français")]
TIME_ZONE = "Europe/Paris"
USE_I18N = True
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
MEDIA_ROOT = Path(env.str("PREAU_MEDIA_DIR", str(VAR_DIR / "media")))
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(MEDIA_ROOT), "file_permissions_mode": 0o600},
    },
    "staticfiles": {
        "BACKEND": (
            "django.contrib.staticfiles.storage.StaticFilesStorage"
            if MODE == "test"
            else "whitenoise.storage.CompressedManifestStaticFilesStorage"
        )
    },
}
WHITENOISE_USE_FINDERS = MODE == "test"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_500_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5_000
FILE_UPLOAD_MAX_MEMORY_SIZE = 2_500_000
MAX_DOCUMENT_BYTES = env.int("PREAU_MAX_DOCUMENT_BYTES", 10_000_000)
# How long what an e-mail carried (the kitchen's PDF and CSV) is kept after it was written.
ATTACHMENT_DAYS = env.int("PREAU_ATTACHMENT_DAYS", 60)

# E-mail leaves through the outbox (preau.messaging), by this server; the demo only keeps it there.
EMAIL_BACKEND = (
    "django.core.mail.backends.smtp.EmailBackend"
    if env.str("PREAU_SMTP_HOST", "")
    else "django.core.mail.backends.dummy.EmailBackend"
)
EMAIL_HOST = env.str("PREAU_SMTP_HOST", "")
EMAIL_PORT = env.int("PREAU_SMTP_PORT", 587)
EMAIL_HOST_USER = env.str("PREAU_SMTP_USER", "")
EMAIL_HOST_PASSWORD = env.str("PREAU_SMTP_PASSWORD", "")
EMAIL_USE_TLS = env.bool("PREAU_SMTP_TLS", True)
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = env.str("PREAU_FROM_EMAIL", "ne-pas-repondre@preau.example")

# Text messages: "ovh", "outbox" (kept, never sent) or nothing (the town sends none).
SMS_SENDER = {
    "ovh": "preau.connectors.ovh_sms.OvhSms",
    "outbox": "preau.messaging.sms.LocalOutbox",
    "": "",
}[env.str("PREAU_SMS", "" if PRODUCTION else "outbox")]
SMS_OVH = {
    "endpoint": env.str("PREAU_SMS_OVH_ENDPOINT", "ovh-eu"),
    "service": env.str("PREAU_SMS_OVH_SERVICE", ""),
    "sender": env.str("PREAU_SMS_OVH_SENDER", ""),
    "application_key": env.str("PREAU_SMS_OVH_APPLICATION_KEY", ""),
    "application_secret": env.str("PREAU_SMS_OVH_APPLICATION_SECRET", ""),
    "consumer_key": env.str("PREAU_SMS_OVH_CONSUMER_KEY", ""),
}

# The quotient asked of the State (API Particulier): with a token only; the demo asks a simulator
# that runs beside its bank.
API_PARTICULIER = {
    "url": env.str(
        "PREAU_API_PARTICULIER_URL",
        "https://particulier.api.gouv.fr" if PRODUCTION else f"{DEMO_BANK_URL}/etat",
    ),
    "token": env.str("PREAU_API_PARTICULIER_TOKEN", "" if PRODUCTION else "demonstration"),
    "recipient": env.str("PREAU_API_PARTICULIER_RECIPIENT", ""),
}
QUOTIENT_SERVICE = (
    "preau.connectors.api_particulier.ApiParticulier" if API_PARTICULIER["token"] else ""
)

# Which connector reads the pupils' register.
PUPIL_REGISTER = "preau.connectors.onde.read_onde"

# Which connector speaks each bank's protocol (payments.GatewayAccount.Gateway).
PAYMENT_GATEWAYS = {
    "SPPLUS": "preau.connectors.spplus.SpPlusGateway",
    "SYSTEMPAY": "preau.connectors.systempay.SystempayGateway",
    "PAYFIP": "preau.connectors.payfip.PayFipGateway",
}
# What of an invoice will be debited: a question to the room of mandates (preau.billing.notices).
DEBIT_NOTICES = "preau.directdebit.notices.notices_at_issue"
# Why nothing is asked now about an invoice: a question to the whole house (preau.recovery.tasks).
SPARED = "preau.journeys.debts.spared"
# The bank's files: what we write for it, what it tells of the account (preau.directdebit.files).
SEPA_CONNECTORS = {
    "collection": "preau.connectors.sepa.write_collection",
    "statement": "preau.connectors.camt.read_statement",
}

# Gateways' keys are sealed with this key (Fernet); several, the first one writes.
SEALING_KEYS: list[str] = env.list("PREAU_SEALING_KEYS", [])

PROCRASTINATE_ON_APP_READY = None
LOG_LEVEL = env.str("PREAU_LOG_LEVEL", "INFO")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        "django.request": {"level": "ERROR"},
        "django.security.csrf": {"level": "ERROR"},
        "axes": {"level": "ERROR"},
        "procrastinate": {"level": "WARNING"},
        # Its debugging lines hold the addresses called, with what they carry.
        "urllib3": {"level": "INFO"},
    },
}
SILENCED_SYSTEM_CHECKS = ["axes.W003", "security.W008"]
