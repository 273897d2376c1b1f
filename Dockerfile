# The image of the API, the worker and the migration: one image, the command says which.
ARG PYTHON=python:3.11.14-slim-bookworm

FROM ${PYTHON} AS build
COPY requirements/service.txt /build/
RUN python -m venv --without-pip /opt/rapport \
    && pip --python /opt/rapport/bin/python install --no-cache-dir --disable-pip-version-check \
       --require-hashes --only-binary :all: --no-binary lunar-python -r /build/service.txt
COPY alembic.ini /app/
COPY migrations /app/migrations
COPY services /app/services
COPY crm /app/crm
RUN /opt/rapport/bin/python -m compileall -q -j 0 /app

FROM ${PYTHON}
LABEL org.opencontainers.image.title="Rapport" \
      org.opencontainers.image.description="An API-first customer relationship system" \
      org.opencontainers.image.licenses="Apache-2.0"
# A number, so that an orchestrator can see that it is not root. Nothing in the image belongs to this user,
# but for the folder of attachments, which is a volume.
RUN groupadd --gid 10001 rapport && useradd --uid 10001 --gid 10001 --no-create-home --shell /usr/sbin/nologin rapport \
    && install --directory --owner=10001 --group=10001 --mode=0700 /var/lib/rapport
COPY --from=build /opt/rapport /opt/rapport
COPY --from=build /app /app
COPY LICENSE /app/
ENV PATH=/opt/rapport/bin:$PATH \
    PYTHONPATH=/app \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    RAPPORT_DATA_DIR=/var/lib/rapport \
    RAPPORT_HOST=0.0.0.0 \
    RAPPORT_PORT=8000
WORKDIR /app
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 CMD ["python", "-c", "import os, urllib.request as web; web.build_opener(web.ProxyHandler({})).open('http://127.0.0.1:' + os.environ['RAPPORT_PORT'] + '/health/live', timeout=2)"]
ENTRYPOINT ["python", "-m", "services.cli"]
CMD ["api"]
