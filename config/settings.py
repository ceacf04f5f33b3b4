"""Settings of the site, all in one file; what differs between places comes from the environment (README, "Settings")."""

from pathlib import Path
from urllib.parse import urlsplit

import environ

from config import env

BASE_DIR = Path(__file__).resolve().parent.parent

# --- Where things are ------------------------------------------------------------------------------------------------
CPL_DATA_DIR = Path(env.text("CPL_DATA_DIR", str(BASE_DIR / "var"))).resolve()
CPL_VAULT_DIR = Path(env.text("CPL_VAULT_DIR", str(CPL_DATA_DIR / "vault")))
CPL_RED_DIR = Path(env.text("CPL_RED_DIR", str(CPL_DATA_DIR / "red")))
CPL_INBOX_DIR = Path(env.text("CPL_INBOX_DIR", str(CPL_DATA_DIR / "inbox")))
CPL_KEY_DIR = Path(env.text("CPL_KEY_DIR", str(CPL_DATA_DIR / "keys")))
QUEUE_DIR = CPL_DATA_DIR / "queue"
for folder in (CPL_DATA_DIR, CPL_VAULT_DIR, CPL_RED_DIR, CPL_INBOX_DIR, CPL_KEY_DIR, QUEUE_DIR):
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)

# --- What kind of site this is ---------------------------------------------------------------------------------------
# "embedded" needs no server (SQLite, queue in files); "production" refuses to start without real secrets.
CPL_ENV = env.text("CPL_ENV", "embedded")
EMBEDDED = CPL_ENV == "embedded"
DEBUG = env.flag("CPL_DEBUG", False)
CPL_DEMO_MARK = CPL_DATA_DIR / "demo"  # written by seed_demo, so that every page says what the data is
CPL_DEMO = env.flag("CPL_DEMO", False)
CPL_BUILD = env.text("CPL_BUILD", "")  # shown at the foot of every page
SECRET_KEY = env.text("CPL_SECRET_KEY", "embedded-site-only-" + "0" * 40 if EMBEDDED else None)
ALLOWED_HOSTS = env.words("CPL_ALLOWED_HOSTS", "127.0.0.1,localhost,[::1],testserver" if EMBEDDED else "")
CSRF_TRUSTED_ORIGINS = env.words("CPL_TRUSTED_ORIGINS")
CPL_BASE_URL = env.text("CPL_BASE_URL", "http://127.0.0.1:8000").rstrip("/")
# Ed25519 in PEM, only where releases are published; 32 bytes in base64, newest first. See core/crypto.py.
CPL_RELEASE_KEY = env.text("CPL_RELEASE_KEY", "")
CPL_RED_KEY = env.text("CPL_RED_KEY", "" if EMBEDDED else None)

# --- Rules of the house ----------------------------------------------------------------------------------------------
CPL_PRINCIPAL = env.number("CPL_PRINCIPAL", 3)
CPL_CSV_BOM = env.flag("CPL_CSV_BOM", True)
CPL_CSV_FINAL_NEWLINE = env.flag("CPL_CSV_FINAL_NEWLINE", False)
CPL_CUT_OFF_HOUR = env.number("CPL_CUT_OFF_HOUR", 17)
# A team of one may approve its own work; every such approval says so in the audit trail.
CPL_TEAM_OF_ONE = env.flag("CPL_TEAM_OF_ONE", False)
# What is asked of a digital signature; each departure from the strict reading is a decision of SECAS (docs/adr/0003).
CPL_SIGNATURE_ALLOW_SHA1 = env.flag("CPL_SIGNATURE_ALLOW_SHA1", False)
CPL_SIGNATURE_REVOCATION = env.one_of("CPL_SIGNATURE_REVOCATION", ("require", "soft-fail"))
CPL_SIGNATURE_USAGES = env.words("CPL_SIGNATURE_USAGES")  # object identifiers; empty: those for documents and mail
CPL_MAILBOX_ADDRESS = env.text("CPL_MAILBOX_ADDRESS", "secas@cpl.example")
CPL_DCC_ADDRESS = env.text("CPL_DCC_ADDRESS", "cpl@dcc.example")
CPL_IMAP_URL = env.text("CPL_IMAP_URL", "")  # imaps://user:password@host/FOLDER; empty: only the drop folder is read
CPL_METRICS_TOKEN = env.text("CPL_METRICS_TOKEN", "")  # empty: nobody finds /metrics
CPL_UPLOAD_LIMIT = 40 * 1024 * 1024  # bytes: one mail with all its attachments

INSTALLED_APPS = [
    "core",
    "accounts",
    "cpl",
    "certificates",
    "notifications",
    "repositories",
    "submissions",
    "config",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "axes",
    "csp",
    "django_fsm",
    "django_htmx",
    "django_filters",
    "django_structlog",
    "simple_history",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "core.middleware.StoredFileMiddleware",
    "accounts.middleware.SecondFactorMiddleware",
    "axes.middleware.AxesMiddleware",
    "core.middleware.DeedMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "accounts.context.site",
            ],
        },
    }
]

# --- Database --------------------------------------------------------------------------------------------------------
DATABASE_URL = env.text("DATABASE_URL", f"sqlite:///{CPL_DATA_DIR / 'cpl.sqlite3'}")
DATABASES = {"default": environ.Env.db_url_config(DATABASE_URL)}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # IMMEDIATE takes the write lock when a transaction begins, so that a reader never fails on becoming a writer.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 30,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
        "PRAGMA foreign_keys=ON; PRAGMA recursive_triggers=ON;",
    }
else:
    DATABASES["default"]["CONN_MAX_AGE"] = 60
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Queue -----------------------------------------------------------------------------------------------------------
REDIS_URL = env.text("REDIS_URL", "")
CELERY_BROKER_URL = REDIS_URL or "filesystem://localhost"
if REDIS_URL:
    CELERY_BROKER_TRANSPORT = "config.broker:Transport"
CELERY_BROKER_TRANSPORT_OPTIONS = (
    {"visibility_timeout": 900, "socket_timeout": 2, "socket_connect_timeout": 2, "max_retries": 0}
    if REDIS_URL
    else {
        "data_folder_in": str(QUEUE_DIR),
        "data_folder_out": str(QUEUE_DIR),
        "control_folder": str(QUEUE_DIR / "control"),
        "store_processed": False,
        "polling_interval": 0.2,
    }
)
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_SOFT_TIME_LIMIT = 240
CELERY_TASK_TIME_LIMIT = 270
CELERY_TIMEZONE = "Europe/London"
CELERY_TASK_DEFAULT_QUEUE = "gates"
CELERY_BEAT_SCHEDULE_FILENAME = str(QUEUE_DIR / "beat-schedule")

# Brakes on guessing and codes used once are kept here, for all processes of the site; nothing else is cached.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": urlsplit(REDIS_URL)._replace(path="/1").geturl(),
    }
    if REDIS_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}

# --- People ----------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
    "accounts.backends.RoleBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "accounts.adapter.ClosedSignup"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_FORMS = {"login": "accounts.signin.SignInForm"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
ACCOUNT_REAUTHENTICATION_TIMEOUT = 900
PASSWORD_RESET_TIMEOUT = 3600
MFA_FORMS = {
    "authenticate": "accounts.signin.CodeForm",
    "reauthenticate": "accounts.signin.CodeAgainForm",
    "activate_totp": "accounts.signin.FirstCodeForm",
}
MFA_ADAPTER = "accounts.adapter.KeptSecondFactor"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Central Products List"
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = 1
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_USERNAME_CALLABLE = "accounts.signin.address_tried"
AXES_LOCKOUT_TEMPLATE = "account/locked.html"
AXES_CLIENT_IP_CALLABLE = "accounts.signin.client_ip"
# How many proxies stand in front and add to X-Forwarded-For; what a browser writes there itself is never believed.
ALLAUTH_TRUSTED_PROXY_COUNT = env.number("CPL_TRUSTED_PROXIES", 0 if EMBEDDED else 1)
AXES_RESET_ON_SUCCESS = True
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"

# --- Safety in the browser -------------------------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}
PERMISSIONS_POLICY: dict[str, list[str]] = {name: [] for name in ("camera", "geolocation", "microphone", "payment", "usb")}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
if not EMBEDDED:
    SECURE_SSL_REDIRECT = env.flag("CPL_SSL_REDIRECT", True)
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    SESSION_COOKIE_NAME = "__Host-session"
    CSRF_COOKIE_SECURE = True
    CSRF_COOKIE_NAME = "__Host-csrf"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

# --- Mail ------------------------------------------------------------------------------------------------------------
# Embedded: mails are kept as files in var/outbox, nothing leaves the machine.
CPL_SMTP_URL = env.text("CPL_SMTP_URL", "")
if CPL_SMTP_URL:
    vars().update(environ.Env.email_url_config(CPL_SMTP_URL))
    EMAIL_TIMEOUT = 20
else:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = CPL_DATA_DIR / "outbox"
DEFAULT_FROM_EMAIL = env.text("CPL_FROM_EMAIL", "SECAS CPL <secas@cpl.example>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL

# --- Pages -----------------------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en-gb"
TIME_ZONE = "Europe/London"
USE_TZ = True
USE_I18N = True
FORMAT_MODULE_PATH = ["config.formats"]
STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = BASE_DIR / "static-collected"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if not EMBEDDED
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = EMBEDDED
SILENCED_SYSTEM_CHECKS: list[str] = []

# --- Logs ------------------------------------------------------------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.text("CPL_LOG_LEVEL", "INFO")},
    "loggers": {
        "axes": {"level": "WARNING"},
        "django_structlog": {"level": "WARNING"},
        "fontTools": {"level": "WARNING"},
        "pyhanko_certvalidator": {"level": "CRITICAL"},  # tells of every odd certificate in a submission; the verdict says it too
        "weasyprint": {"level": "ERROR"},
    },
}
