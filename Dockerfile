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
RUN npm run build -w exporter && npm prune --omit=dev --workspace exporter --include-workspace-root

FROM node:24-bookworm-slim
WORKDIR /app
ENV NODE_ENV=production
COPY --from=build /app /app
RUN mkdir /data && chown node:node /data
USER node
WORKDIR /data
EXPOSE 9899
ENTRYPOINT ["node", "/app/exporter/dist/src/main.js"]
CMD ["serve"]
