# The server in a container: Node 24 and the sources, run as they are; there is no build step.
# Not run in CI (there is no container runtime there): tests check what this file says, not the image it makes.
FROM node:24-slim

ENV NODE_ENV=production \
    HOST=0.0.0.0 \
    PORT=8080 \
    DHP_DATA=/data

WORKDIR /app

# The dependencies first, so that a change of the sources does not install them again
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --no-audit --no-fund && npm cache clean --force

COPY . .

# All that is written lies under /data: the root file system can be mounted read-only
RUN mkdir -p /data node_modules/.cache/dhp && chown node:node /data node_modules/.cache/dhp
USER node
# The compiled definitions and packages, so that a start does not compile them again
RUN node -e "import('./src/fhir/packages.ts').then(packages => packages.loadDefinitions())" \
  && node -e "import('./src/fhir/npm-packages.ts').then(packages => packages.loadNpmPackages())"
VOLUME /data
EXPOSE 8080

HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/livez`).then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]

# 0.0.0.0 is not loopback, so without DHP_AUTH=smart the server refuses to start unless `--allow-open` is given
ENTRYPOINT ["node", "src/main.ts"]
CMD ["serve"]
