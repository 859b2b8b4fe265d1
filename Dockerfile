# Build on the current LTS; sqlite3 needs a compiler when no prebuilt binary fits.
FROM node:24-bookworm-slim AS build
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
FROM node:24-bookworm-slim AS sample-models
ENV NODE_ENV=production
COPY --from=build /app /app
USER node
EXPOSE 9900
ENTRYPOINT ["node", "/app/exporter/dist/demo/serve-models.js"]

FROM build AS service
RUN npm prune --omit=dev --workspace exporter --include-workspace-root \
    && rm -rf exporter/src exporter/demo exporter/dist/demo

# Nothing is compiled or installed from here on: no compiler, no npm.
FROM node:24-bookworm-slim
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack /opt/yarn* /usr/local/bin/yarn*
WORKDIR /app
ENV NODE_ENV=production
COPY --from=service /app /app
RUN mkdir /data && chown node:node /data
USER node
WORKDIR /data
EXPOSE 9899
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=6 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.MLFI_LISTEN_PORT ?? 9899}/-/ready`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "/app/exporter/dist/src/main.js"]
CMD ["serve"]
