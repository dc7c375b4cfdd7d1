{{- define "pgbackup.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 52 | trimSuffix "-" -}}
{{- end -}}

{{/* At most 52 characters: a StatefulSet's pods carry a hash and an ordinal behind it. */}}
{{- define "pgbackup.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* Quoted, as every name that a user chooses: of the release 123 YAML would make a number. */}}
{{- define "pgbackup.selectorLabels" -}}
app.kubernetes.io/name: {{ include "pgbackup.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end -}}

{{/* What the server's pods are found by. */}}
{{- define "pgbackup.podLabels" -}}
{{- if .Values.statefulSet.enabled }}{{ include "pgbackup.selectorLabels" . }}{{ else }}{{ toYaml .Values.statefulSet.podLabels }}{{ end -}}
{{- end -}}

{{- define "pgbackup.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "pgbackup.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{/* dict "image", "tag", "root" */}}
{{- define "pgbackup.image" -}}
{{- $repository := .image.repository -}}
{{- with .root.Values.global.imageRegistry }}{{ $repository = printf "%s/%s" (trimSuffix "/" .) $repository }}{{ end -}}
{{- if .image.digest -}}
{{ $repository }}@{{ .image.digest }}
{{- else -}}
{{ $repository }}:{{ default .tag .image.tag }}
{{- end -}}
{{- end -}}

{{- define "pgbackup.agentImage" -}}
{{ include "pgbackup.image" (dict "image" .Values.image "tag" .Chart.AppVersion "root" .) }}
{{- end -}}

{{- define "pgbackup.postgresImage" -}}
{{ include "pgbackup.image" (dict "image" .Values.postgres.image "tag" "" "root" .) }}
{{- end -}}

{{- define "pgbackup.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{ default (include "pgbackup.fullname" .) .Values.serviceAccount.name }}
{{- else -}}
{{ default "default" .Values.serviceAccount.name }}
{{- end -}}
{{- end -}}

{{/* A folder in the bucket. */}}
{{- define "pgbackup.clusterName" -}}
{{ default (include "pgbackup.fullname" .) .Values.cluster.name }}
{{- end -}}

{{/* The Secret with the agent's credential, if there is one. */}}
{{- define "pgbackup.storeSecret" -}}
{{- if and .Values.standby .Values.bootstrap.existingSecret }}{{ .Values.bootstrap.existingSecret }}{{ else if .Values.broker.enabled }}{{ include "pgbackup.brokerSecret" (dict "role" "archiver" "root" .) }}{{ else }}{{ .Values.credentials.existingSecret }}{{ end -}}
{{- end -}}

{{/* The agent's configuration file: what the chart knows, under what the values say. */}}
{{- define "pgbackup.config" -}}
{{- if not (hasPrefix (printf "%s/" .Values.data.mountPath) .Values.data.directory) }}
{{- fail "data.directory must lie below data.mountPath: beside it stands the file that says whose backups these are" }}
{{- end -}}
{{- $cluster := dict "name" (include "pgbackup.clusterName" .) "namespace" .Release.Namespace -}}
{{- if .Values.standby }}
{{- /* beside a standby the agent is one of the cluster that it follows */}}
{{- $cluster = dict "name" .Values.bootstrap.cluster "namespace" (default .Release.Namespace .Values.bootstrap.namespace) }}
{{- else }}
{{- with .Values.cluster.uid }}{{ $_ := set $cluster "uid" . }}{{ end -}}
{{- end -}}
{{- $config := dict
      "cluster" $cluster
      "postgres" (dict "host" "/var/run/postgresql" "user" (include "pgbackup.superuser" .) "dataDirectory" .Values.data.directory)
      "wal" (dict "socket" "/run/pgbackup/archive.sock")
      "http" (dict "listen" "0.0.0.0:9797") -}}
{{- if .Values.agent.apiTokenSecret.name }}{{ $_ := set $config.http "tokenFile" "/etc/pgbackup-api/token" }}{{ end -}}
{{- if .Values.broker.enabled }}
{{- $_ := set $config "storage" (dict "credentials" (dict "file" "/etc/pgbackup-credentials/credentials.json")) -}}
{{- else if include "pgbackup.storeSecret" . }}
{{- $credentials := dict
      "accessKeyIdFile" "/etc/pgbackup-credentials/access-key-id"
      "secretAccessKeyFile" "/etc/pgbackup-credentials/secret-access-key" -}}
{{- if .Values.credentials.sessionTokenKey }}
{{- $_ := set $credentials "sessionTokenFile" "/etc/pgbackup-credentials/session-token" }}
{{- end -}}
{{- $_ := set $config "storage" (dict "credentials" $credentials) -}}
{{- end -}}
{{- if .Values.agent.kubernetes.enabled }}{{ $_ := set $config "kubernetes" (dict "enabled" true) }}{{ end -}}
{{- if and .Values.standby (eq (dig "backup" "from" "primary" .Values.config) "standby") }}
{{- fail "config.backup.from: standby would put base backups into the archive that the standby follows" }}
{{- end -}}
{{- if .Values.retentionJob.enabled }}
{{- $_ := set $config "retention" (dict "run" "job") }}
{{- if eq (dig "retention" "run" "job" .Values.config) "agent" }}
{{- fail "retentionJob.enabled and config.retention.run: agent say two things; leave one of them out" }}
{{- end }}
{{- end -}}
{{- mergeOverwrite $config (deepCopy .Values.config) | toYaml -}}
{{- end -}}

{{/* Of `helm test`'s pod: the server's Services and the chart's StatefulSet must not find it. */}}
{{- define "pgbackup.testLabels" -}}
app.kubernetes.io/name: {{ printf "%s-test" (include "pgbackup.name" .) | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end -}}

{{/* The store's own and those that the values add. A store that is a directory has none. */}}
{{- define "pgbackup.storePorts" -}}
{{- $ports := list -}}
{{- if hasPrefix "s3://" .Values.config.storage.url -}}
{{- $endpoint := default "https://aws" .Values.config.storage.endpoint -}}
{{- $port := regexFind ":[0-9]+$" (urlParse $endpoint).host | trimPrefix ":" -}}
{{- $ports = append $ports (int (default (ternary 80 443 (hasPrefix "http://" $endpoint)) $port)) -}}
{{- end -}}
{{- range .Values.networkPolicy.egress.storagePorts }}{{ $ports = append $ports (int .) }}{{ end -}}
{{- $ports | uniq | toYaml -}}
{{- end -}}

{{/* Where the store is, as AWS's tools and `pgbackup --store` take it, before a command. */}}
{{- define "pgbackup.storeEnv" -}}
{{- with .Values.config.storage -}}
{{- $endpoint := .endpoint -}}
{{- with .cloudflareAccountId -}}
{{- $law := dig "jurisdiction" "default" $.Values.config.storage -}}
{{- $endpoint = printf "https://%s%s.r2.cloudflarestorage.com" . (ternary "" (printf ".%s" $law) (eq $law "default")) -}}
{{- end -}}
{{- with $endpoint }}AWS_ENDPOINT_URL_S3={{ . }} {{ end -}}
{{- with .region }}AWS_REGION={{ . }} {{ end -}}
{{- if hasKey . "pathStyle" }}AWS_S3_FORCE_PATH_STYLE={{ .pathStyle }} {{ end -}}
{{- with .caFile }}AWS_CA_BUNDLE="$PWD/{{ base . }}" {{ end -}}
{{- with .prefix }}PGBACKUP_STORAGE_PREFIX='{{ . }}' {{ end -}}
{{- end -}}
{{- end -}}

{{- define "pgbackup.podSecurity" -}}
runAsNonRoot: true
runAsUser: {{ .Values.postgres.uid }}
runAsGroup: {{ .Values.postgres.gid }}
fsGroup: {{ .Values.postgres.gid }}
fsGroupChangePolicy: OnRootMismatch
seccompProfile: { type: RuntimeDefault }
{{- end -}}

{{/* The global ones and the chart's own. */}}
{{- define "pgbackup.imagePullSecrets" -}}
{{- with concat (default list .Values.global.imagePullSecrets) .Values.imagePullSecrets -}}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end -}}
{{- end -}}

{{/* A Secret as the files that the configuration names; takes the values under `credentials`. */}}
{{- define "pgbackup.credentialFiles" -}}
secretName: {{ .existingSecret | quote }}
defaultMode: 0440
items:
  - { key: {{ .accessKeyIdKey | quote }}, path: access-key-id }
  - { key: {{ .secretAccessKeyKey | quote }}, path: secret-access-key }
  {{- with .sessionTokenKey }}
  - { key: {{ . | quote }}, path: session-token }
  {{- end }}
{{- end -}}

{{/* Those of the bucket, from a Secret of the broker's kind or the values' kind; takes dict "secret", "root". */}}
{{- define "pgbackup.storeFiles" -}}
{{- if .root.Values.broker.enabled -}}
secretName: {{ .secret | quote }}
defaultMode: 0440
items:
  - { key: credentials.json, path: credentials.json }
{{- else -}}
{{ include "pgbackup.credentialFiles" (mergeOverwrite (deepCopy .root.Values.credentials) (dict "existingSecret" .secret)) }}
{{- end -}}
{{- end -}}

{{- define "pgbackup.placement" -}}
{{- $placement := dict -}}
{{- range $key := tuple "nodeSelector" "tolerations" "affinity" -}}
{{- with index $.Values $key }}{{ $_ := set $placement $key . }}{{ end -}}
{{- end -}}
{{- with $placement }}{{ toYaml . }}{{ end -}}
{{- end -}}

{{- define "pgbackup.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end -}}

{{/* Says something where there are standbys. */}}
{{- define "pgbackup.hasStandbys" -}}
{{- if gt (int .Values.replicas) 1 }}yes{{ end -}}
{{- end -}}

{{/* The agent's own role, `config.postgres.user`, may be a lesser one. */}}
{{- define "pgbackup.superuser" -}}
{{ .Values.postgres.superuser }}
{{- end -}}
