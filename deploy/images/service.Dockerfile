# One image per package: docker build -f deploy/images/service.Dockerfile --build-arg PACKAGE=audit .
FROM python:3.11-slim AS build
RUN pip install --no-cache-dir uv==0.13.9
ENV UV_PROJECT_ENVIRONMENT=/opt/chancery UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1 UV_PYTHON_DOWNLOADS=never
WORKDIR /source
COPY pyproject.toml uv.lock ./
COPY libs libs
COPY services services
ARG PACKAGE
RUN test -n "$PACKAGE" && uv sync --frozen --no-dev --no-editable --package "chancery-$PACKAGE"

FROM python:3.11-slim
RUN useradd --system --uid 10001 --home-dir /var/lib/chancery --shell /usr/sbin/nologin chancery \
    && install -d -o chancery -g chancery -m 0700 /var/lib/chancery
COPY --from=build /opt/chancery /opt/chancery
ENV PATH=/opt/chancery/bin:$PATH PYTHONUNBUFFERED=1 CHANCERY_HTTP_HOST=0.0.0.0 CHANCERY_HTTP_PORT=8000
USER 10001
WORKDIR /var/lib/chancery
ARG PACKAGE
ENV CHANCERY_MODULE=chancery_${PACKAGE}
EXPOSE 8000
HEALTHCHECK --interval=5s --timeout=3s --start-period=60s --retries=5 \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen(f\"http://127.0.0.1:{os.environ['CHANCERY_HTTP_PORT']}/health\", timeout=2)"]
CMD ["sh", "-c", "exec python -m \"$CHANCERY_MODULE\""]
