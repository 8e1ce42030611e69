# learnloop as it is served: `docker build --tag learnloop .` (docs/guides/deployment.md)

# The Python that requirements/*.txt are pinned for.
ARG PYTHON=3.11

FROM python:${PYTHON}-slim AS build
# What is installed beside the serving packages, e.g. "onnx,postgres,train" for a worker that trains.
ARG EXTRAS=onnx,postgres
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /build
RUN python -m venv /venv
# The pinned packages first: they stay as they are while the source changes.
COPY requirements requirements
RUN /venv/bin/pip install -r requirements/serve.txt
COPY LICENSE README.md pyproject.toml ./
COPY src src
RUN /venv/bin/pip install --constraint requirements/dev.txt ".[${EXTRAS}]"

FROM python:${PYTHON}-slim
RUN useradd --system --uid 10001 --home-dir /data --create-home --shell /usr/sbin/nologin learnloop
COPY --from=build /venv /venv
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    LEARNLOOP_DATABASE_URL=sqlite:////data/learnloop.db
USER learnloop
WORKDIR /data
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/health/ready', timeout=4)"]
ENTRYPOINT ["learnloop"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8000", "--workers", "2"]
