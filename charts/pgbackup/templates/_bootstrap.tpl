{{/* Says something where an empty volume is filled from an archive. */}}
{{- define "pgbackup.bootstraps" -}}
{{- with .Values.bootstrap -}}{{ or .cluster .prefix }}{{- end -}}
{{- end -}}

{{/*
Two containers, since the agent's image has no PostgreSQL and the database's no credential: the second fetches and decides, the first
runs PostgreSQL for it. The first one stays, as a program of 50 kB that waits, because it cannot be a plain init container beside the
other.
*/}}
{{- define "pgbackup.bootstrapContainers" -}}
{{- with .Values.bootstrap -}}
- name: pgbackup-bootstrap-postgres
  image: {{ include "pgbackup.postgresImage" $ }}
  imagePullPolicy: {{ $.Values.postgres.image.pullPolicy }}
  restartPolicy: Always
  command: [/opt/pgbackup/pgbackup-client, --socket, /run/pgbackup-programs/run.sock, run]
  securityContext: {{- include "pgbackup.containerSecurity" $ | nindent 4 }}
  resources: {{- toYaml $.Values.bootstrap.resources | nindent 4 }}
  volumeMounts:
    {{- include "pgbackup.dataMount" $ | nindent 4 }}
    - { name: pgbackup-bootstrap-shm, mountPath: /dev/shm }
    - { name: pgbackup-bootstrap-postgres-tmp, mountPath: /tmp }
    - { name: pgbackup-programs, mountPath: /run/pgbackup-programs }
    - { name: pgbackup-client, mountPath: /opt/pgbackup, readOnly: true }
- name: pgbackup-bootstrap
  image: {{ include "pgbackup.agentImage" $ }}
  imagePullPolicy: {{ $.Values.image.pullPolicy }}
  command:
    - /opt/pgbackup/bin/pgbackup
    - --config
    - /etc/pgbackup/pgbackup.yaml
    - bootstrap
    {{- with .prefix }}
    - {{ printf "--prefix=%s" . | quote }}
    {{- end }}
    {{- with .cluster }}
    - {{ printf "--cluster=%s" . | quote }}
    {{- end }}
    {{- with .namespace }}
    - {{ printf "--namespace=%s" . | quote }}
    {{- end }}
    {{- with .uid }}
    - {{ printf "--uid=%s" . | quote }}
    {{- end }}
    - {{ empty .timestamp | ternary "--latest" (printf "--timestamp=%s" .timestamp) | quote }}
    {{- if .again }}
    - --again
    {{- end }}
    - --programs=/run/pgbackup-programs/run.sock
    {{- if $.Values.standby }}
    - --standby
    {{- else }}
    {{- if .existingSecret }}
    - --source-credentials=/etc/pgbackup-bootstrap-credentials
    {{- end }}
    - {{ printf "--password=%s=/etc/pgbackup-superuser/password" (include "pgbackup.superuser" $) | quote }}
    {{- range .roleSecrets }}
    {{- $folder := include "pgbackup.roleFolder" (dict "secret" . "root" $) }}
    - {{ printf "--role-files=%s/username=%s/password" $folder $folder | quote }}
    {{- end }}
    {{- with .roleSecrets }}
    - {{ printf "--superuser=%s" (include "pgbackup.superuser" $) | quote }}
    {{- end }}
    {{- end }}
  {{- with $.Values.agent.extraEnv }}
  env: {{- toYaml . | nindent 4 }}
  {{- end }}
  securityContext: {{- include "pgbackup.containerSecurity" $ | nindent 4 }}
  resources: {{- toYaml $.Values.agent.resources | nindent 4 }}
  volumeMounts:
    {{- include "pgbackup.dataMount" $ | nindent 4 }}
    - { name: pgbackup-programs, mountPath: /run/pgbackup-programs }
    - { name: pgbackup-bootstrap-tmp, mountPath: /tmp }
    - { name: pgbackup-config, mountPath: /etc/pgbackup, readOnly: true }
    - { name: pgbackup-superuser, mountPath: /etc/pgbackup-superuser, readOnly: true }
    {{- if and .existingSecret (not $.Values.standby) }}
    - { name: pgbackup-bootstrap-credentials, mountPath: /etc/pgbackup-bootstrap-credentials, readOnly: true }
    {{- end }}
    {{- if not $.Values.standby }}
    {{- range $at, $secret := .roleSecrets }}
    - { name: pgbackup-role-{{ $at }}, mountPath: {{ include "pgbackup.roleFolder" (dict "secret" $secret "root" $) | quote }}, readOnly: true }
    {{- end }}
    {{- end }}
    {{- if include "pgbackup.storeSecret" $ }}
    - { name: pgbackup-credentials, mountPath: /etc/pgbackup-credentials, readOnly: true }
    {{- end }}
    {{- with $.Values.agent.extraVolumeMounts }}{{- toYaml . | nindent 4 }}{{- end }}
{{- end -}}
{{- end -}}

{{/* The path says which Secret it is: who misses a file names that. */}}
{{- define "pgbackup.roleFolder" -}}
{{ printf "/etc/pgbackup-passwords/%s/%s" .root.Release.Namespace .secret }}
{{- end -}}

{{- define "pgbackup.bootstrapVolumes" -}}
- { name: pgbackup-programs, emptyDir: { sizeLimit: 16Mi } }
- { name: pgbackup-bootstrap-tmp, emptyDir: { sizeLimit: 256Mi } }
- { name: pgbackup-bootstrap-postgres-tmp, emptyDir: {} }
- { name: pgbackup-bootstrap-shm, emptyDir: { medium: Memory } }
- name: pgbackup-superuser
  secret:
    secretName: {{ required "bootstrap needs postgres.existingSecret, the superuser's password" .Values.postgres.existingSecret | quote }}
    defaultMode: 0440
    items:
      - { key: {{ .Values.postgres.passwordKey | quote }}, path: password }
{{- if not .Values.standby }}
{{- range $at, $secret := .Values.bootstrap.roleSecrets }}
- name: pgbackup-role-{{ $at }}
  {{- /* one that is missing is named by who looks for it */}}
  secret: { secretName: {{ $secret | quote }}, defaultMode: 0440, optional: true }
{{- end }}
{{- end }}
{{- if and .Values.bootstrap.existingSecret (not .Values.standby) }}
- name: pgbackup-bootstrap-credentials
  secret: {{- include "pgbackup.storeFiles" (dict "secret" .Values.bootstrap.existingSecret "root" .) | nindent 4 }}
{{- end }}
{{- end -}}
