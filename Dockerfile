# One base for every stage, by digest, so that a build of today and one of next month are the same. docs/install.md says how to
# move it to a newer one. The tag is for people; Docker goes by the digest.
ARG NODE_IMAGE=node:24-bookworm-slim@sha256:6f7b03f7c2c8e2e784dcf9295400527b9b1270fd37b7e9a7285cf83b6951452d

# sqlite3 needs a compiler when no prebuilt binary fits.
FROM ${NODE_IMAGE} AS build
RUN apt-get update && apt-get install -y --no-install-recommends python3 make g++ && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY package.json package-lock.json .npmrc tsconfig.json ./
COPY exporter/package.json exporter/
COPY grafana-plugin/package.json grafana-plugin/
RUN npm ci --workspace exporter --include-workspace-root
COPY exporter exporter
COPY mlfi.example.yml ./
RUN npm run build -w exporter

# Sample models to try mlfi on; they need what the service does not. Built only when asked for by name.
FROM ${NODE_IMAGE} AS sample-models
ENV NODE_ENV=production
COPY --from=build /app /app
USER node
EXPOSE 9900
ENTRYPOINT ["node", "/app/exporter/dist/demo/serve-models.js"]

FROM build AS service
RUN node exporter/parts-list.mjs > sbom.cdx.json
RUN npm prune --omit=dev --workspace exporter --include-workspace-root \
    && rm -rf exporter/src exporter/demo exporter/dist/demo

# Nothing is compiled or installed from here on: no compiler, no npm.
FROM ${NODE_IMAGE}
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack /opt/yarn* /usr/local/bin/yarn*
WORKDIR /app
ENV NODE_ENV=production
COPY --from=service /app /app
# `mlfi` for `docker exec` and `kubectl exec`, and the file it reads where none is named.
COPY provisioning/image/mlfi.yml /etc/mlfi/mlfi.yml
ENV MLFI_CONFIG=/etc/mlfi/mlfi.yml
RUN chmod 755 /app/exporter/dist/src/main.js && ln -s /app/exporter/dist/src/main.js /usr/local/bin/mlfi \
    && mkdir /data && chown node:node /data
USER node
WORKDIR /data
EXPOSE 9899
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=6 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.MLFI_LISTEN_PORT ?? 9899}/-/ready`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "/app/exporter/dist/src/main.js"]
CMD ["serve"]
