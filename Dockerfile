# One image for web, worker, beat and the commands. What runs is the command that docker-compose.yml gives.
FROM python:3.11-slim-trixie

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1

# Pango and a font: letters and case reports are laid out with them. The client of PostgreSQL makes and restores backups; it may
# not be older than the server in docker-compose.yml, and Debian trixie brings 17.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 fonts-dejavu-core \
       postgresql-client \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /app
COPY requirements.lock ./
RUN pip install --require-hashes --requirement requirements.lock

COPY . .

# The site runs as nobody in particular: it may write to /data and nowhere else. Secrets here are for this one step.
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin cpl \
    && CPL_SECRET_KEY=build-only CPL_RED_KEY=none CPL_ENV=production CPL_DATA_DIR=/tmp/build \
       python manage.py collectstatic --noinput --verbosity 0 \
    && rm -rf /tmp/build \
    && install --directory --owner=cpl --mode=0700 /data /data/vault /data/red

ENV CPL_ENV=production CPL_DATA_DIR=/data HOME=/tmp
USER 10001
VOLUME ["/data"]
EXPOSE 8000
CMD ["gunicorn", "config.wsgi", "--bind", "0.0.0.0:8000", "--workers", "2", "--threads", "4", "--worker-tmp-dir", "/dev/shm"]
