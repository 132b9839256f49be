{{- define "helpdesk.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "helpdesk.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- $name := include "helpdesk.name" . -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "helpdesk.image" -}}
{{- $image := .Values.image -}}
{{- if $image.digest -}}
{{- printf "%s@%s" $image.repository $image.digest -}}
{{- else -}}
{{- printf "%s:%s" $image.repository (default .Chart.AppVersion $image.tag) -}}
{{- end -}}
{{- end -}}

{{/* The three that never change: a Deployment's selector cannot. Takes root and component. */}}
{{- define "helpdesk.selector" -}}
app.kubernetes.io/name: {{ include "helpdesk.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- define "helpdesk.labels" -}}
{{ include "helpdesk.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: helpdesk
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- end -}}

{{/* What a service is given: its own values before those of all. Takes root and own; gives YAML. */}}
{{- define "helpdesk.service" -}}
{{- $all := dict -}}
{{- $keys := list "replicas" "autoscaling" "resources" "podAnnotations" "podLabels" "nodeSelector" "tolerations" "affinity" "priorityClassName" -}}
{{- range $key := $keys -}}
{{- $value := index $.root.Values $key -}}
{{- if hasKey $.own $key -}}
{{- $mine := index $.own $key -}}
{{- if and (kindIs "map" $value) (kindIs "map" $mine) -}}
{{- /* `merge` would take a 0 or a false for nothing said. */ -}}
{{- $merged := deepCopy $value -}}
{{- range $name, $said := $mine -}}{{- $_ := set $merged $name $said -}}{{- end -}}
{{- $value = $merged -}}
{{- else -}}
{{- $value = $mine -}}
{{- end -}}
{{- end -}}
{{- $_ := set $all $key $value -}}
{{- end -}}
{{- range $key := list "extraEnv" "extraVolumes" "extraVolumeMounts" -}}
{{- $_ := set $all $key (concat (default list (index $.root.Values $key)) (default list (index $.own $key))) -}}
{{- end -}}
{{- $_ := set $all "needs" (default list .own.needs) -}}
{{- $_ := set $all "kafkaSecret" (default "" .own.kafkaSecret) -}}
{{- toYaml $all -}}
{{- end -}}

{{/* The secret with a component's credentials of Kafka, or nothing. Takes root, component, own. */}}
{{- define "helpdesk.kafkaSecret" -}}
{{- if .own.kafkaSecret -}}
{{- .own.kafkaSecret -}}
{{- else if .root.Values.strimzi.users.enabled -}}
{{- printf "%s-%s" (include "helpdesk.fullname" .root) .component -}}
{{- else -}}
{{- .root.Values.kafka.existingSecret -}}
{{- end -}}
{{- end -}}

{{/* What all services are configured by, and no secret: the ConfigMap's data. */}}
{{- define "helpdesk.config" -}}
{{- $kafka := .Values.kafka -}}
HELPDESK_KAFKA__BOOTSTRAP: {{ $kafka.bootstrap | quote }}
HELPDESK_KAFKA__TOPIC_PREFIX: {{ $kafka.topicPrefix | quote }}
HELPDESK_KAFKA__SECURITY_PROTOCOL: {{ $kafka.securityProtocol | quote }}
HELPDESK_KAFKA__SASL_MECHANISM: {{ $kafka.saslMechanism | quote }}
{{- if $kafka.caSecret }}
HELPDESK_KAFKA__CA_FILE: /etc/helpdesk/kafka-ca/ca.crt
{{- end }}
{{- if $kafka.clientCertificate }}
HELPDESK_KAFKA__CERT_FILE: /etc/helpdesk/kafka-user/user.crt
HELPDESK_KAFKA__KEY_FILE: /etc/helpdesk/kafka-user/user.key
{{- end }}
HELPDESK_MONGO__DATABASE: {{ .Values.mongo.database | quote }}
HELPDESK_HEALTH_PORT: {{ .Values.healthPort | quote }}
HELPDESK_LOG_LEVEL: {{ .Values.logLevel | quote }}
HELPDESK_LOG_FORMAT: {{ .Values.logFormat | quote }}
HELPDESK_STOP_TIMEOUT: {{ .Values.stopTimeoutSeconds | quote }}
{{- end -}}

{{/* How a component proves to Kafka who it is. Takes root, component and own. */}}
{{- define "helpdesk.kafkaEnv" -}}
{{- $kafka := .root.Values.kafka -}}
{{- if hasPrefix "SASL" $kafka.securityProtocol -}}
{{- $secret := include "helpdesk.kafkaSecret" . -}}
- name: HELPDESK_KAFKA__USERNAME
  value: {{ default $secret $kafka.username | quote }}
- name: HELPDESK_KAFKA__PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ $secret }}
      key: {{ $kafka.passwordKey }}
{{- end -}}
{{- end -}}

{{/* What the desk is told besides. Takes the root. */}}
{{- define "helpdesk.deskEnv" -}}
{{- $desk := .Values.desk -}}
- name: HELPDESK_SIGNING_SECRET
  valueFrom:
    secretKeyRef:
      name: {{ $desk.existingSecret }}
      key: {{ $desk.signingKey }}
- name: HELPDESK_HTTP_PORT
  value: {{ $desk.port | quote }}
- name: HELPDESK_PUBLIC_URL
  value: {{ $desk.publicUrl | quote }}
- name: HELPDESK_SECURE_COOKIES
  value: {{ $desk.secureCookies | quote }}
- name: HELPDESK_TRUSTED_PROXIES
  value: {{ $desk.trustedProxies | quote }}
{{- with $desk.cspReportTo }}
- name: HELPDESK_CSP_REPORT_TO
  value: {{ . | quote }}
{{- end }}
{{- with $desk.oidc }}
{{- if .issuer }}
- name: HELPDESK_OIDC__ISSUER
  value: {{ .issuer | quote }}
- name: HELPDESK_OIDC__CLIENT_ID
  value: {{ .clientId | quote }}
{{- if .existingSecret }}
- name: HELPDESK_OIDC__CLIENT_SECRET
  valueFrom:
    secretKeyRef:
      name: {{ .existingSecret }}
      key: {{ .clientSecretKey }}
{{- end }}
- name: HELPDESK_OIDC__SCOPES
  value: {{ .scopes | quote }}
- name: HELPDESK_OIDC__PASSWORDS_TOO
  value: {{ .passwordsToo | quote }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "helpdesk.kafkaVolumes" -}}
{{- $kafka := .root.Values.kafka -}}
{{- if $kafka.caSecret }}
- name: kafka-ca
  secret:
    secretName: {{ $kafka.caSecret }}
    items:
      - key: {{ $kafka.caKey }}
        path: ca.crt
{{- end }}
{{- if $kafka.clientCertificate }}
- name: kafka-user
  secret:
    secretName: {{ include "helpdesk.kafkaSecret" . }}
    items:
      - key: {{ $kafka.certificateKey }}
        path: user.crt
      - key: {{ $kafka.privateKeyKey }}
        path: user.key
{{- end }}
{{- end -}}

{{- define "helpdesk.kafkaMounts" -}}
{{- $kafka := .root.Values.kafka -}}
{{- if $kafka.caSecret }}
- name: kafka-ca
  mountPath: /etc/helpdesk/kafka-ca
  readOnly: true
{{- end }}
{{- if $kafka.clientCertificate }}
- name: kafka-user
  mountPath: /etc/helpdesk/kafka-user
  readOnly: true
{{- end }}
{{- end -}}

{{- define "helpdesk.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "helpdesk.containerSecurity" -}}
allowPrivilegeEscalation: false
capabilities:
  drop: [ALL]
privileged: false
readOnlyRootFilesystem: true
runAsNonRoot: true
runAsUser: 65532
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{/* One rule of egress. Takes ports and to. */}}
{{- define "helpdesk.egress" -}}
- ports:
    {{- range .ports }}
    - port: {{ . }}
      protocol: TCP
    {{- end }}
  {{- with .to }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}

{{- define "helpdesk.dnsEgress" -}}
- ports:
    {{- range .Values.networkPolicy.dns.ports }}
    - port: {{ . }}
      protocol: UDP
    - port: {{ . }}
      protocol: TCP
    {{- end }}
  to:
    - namespaceSelector:
        {{- toYaml .Values.networkPolicy.dns.namespaceSelector | nindent 8 }}
      podSelector:
        {{- toYaml .Values.networkPolicy.dns.podSelector | nindent 8 }}
{{- end -}}

{{/* What cannot work is told before anything is made. */}}
{{- define "helpdesk.check" -}}
{{- $values := .Values -}}
{{- if not $values.kafka.bootstrap -}}
{{- fail "kafka.bootstrap: name the brokers, as host:port[,host:port …]." -}}
{{- end -}}
{{- if not $values.mongo.existingSecret -}}
{{- fail "mongo.existingSecret: name the secret that holds MongoDB's connection string." -}}
{{- end -}}
{{- if not $values.redis.existingSecret -}}
{{- fail "redis.existingSecret: name the secret that holds the connection string of Redis or Valkey." -}}
{{- end -}}
{{- if and $values.mailTokens.enabled (not $values.mailTokens.existingSecret) -}}
{{- fail "mailTokens.existingSecret: name the secret with the keys of the tokens that lead answers to mails back, or say mailTokens.enabled=false to do without." -}}
{{- end -}}
{{- include "helpdesk.checkDesk" . -}}
{{- $needed := or (hasPrefix "SASL" $values.kafka.securityProtocol) $values.kafka.clientCertificate -}}
{{- if and $values.kafka.clientCertificate (not (contains "SSL" $values.kafka.securityProtocol)) -}}
{{- fail "kafka.clientCertificate: a certificate is shown over SSL or SASL_SSL alone; see kafka.securityProtocol." -}}
{{- end -}}
{{- if and $needed (not $values.kafka.existingSecret) (not $values.strimzi.users.enabled) -}}
{{- range $name, $own := $values.services -}}
{{- if not (default dict $own).kafkaSecret -}}
{{- fail (printf "kafka.existingSecret: name the secret with the credentials of Kafka, or services.%s.kafkaSecret, or let Strimzi make users (strimzi.users.enabled)." $name) -}}
{{- end -}}
{{- end -}}
{{- if eq $values.topics.mode "job" -}}
{{- fail "kafka.existingSecret: name the secret with which the Job of topics.mode=job reaches Kafka." -}}
{{- end -}}
{{- end -}}
{{- if and (or (eq $values.topics.mode "strimzi") $values.strimzi.users.enabled) (not $values.strimzi.cluster) -}}
{{- fail "strimzi.cluster: name the Kafka cluster that topics and users are for." -}}
{{- end -}}
{{- if $values.strimzi.users.enabled -}}
{{- if and (eq $values.strimzi.users.authentication "scram-sha-512") (not (hasPrefix "SASL" $values.kafka.securityProtocol)) -}}
{{- fail "strimzi.users.authentication: scram-sha-512 needs kafka.securityProtocol SASL_SSL or SASL_PLAINTEXT." -}}
{{- end -}}
{{- if and (eq $values.strimzi.users.authentication "tls") (not $values.kafka.clientCertificate) -}}
{{- fail "strimzi.users.authentication: tls needs kafka.clientCertificate=true." -}}
{{- end -}}
{{- if and (eq $values.topics.mode "job") $values.topics.job.hook -}}
{{- fail "topics.job.hook: the Job's KafkaUser is made with the release, after hooks; say topics.job.hook=false, or topics.mode=strimzi." -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "helpdesk.checkDesk" -}}
{{- $desk := .Values.desk -}}
{{- if not $desk.existingSecret -}}
{{- fail "desk.existingSecret: name the secret that holds what the desk signs with, 32 characters or more: openssl rand -hex 32." -}}
{{- end -}}
{{- if and $desk.secureCookies $desk.publicUrl (not (hasPrefix "https:" $desk.publicUrl)) -}}
{{- fail "desk.publicUrl: begin it with https, or say desk.secureCookies=false." -}}
{{- end -}}
{{- if and $desk.oidc.issuer (not $desk.oidc.clientId) -}}
{{- fail "desk.oidc.clientId: name the desk as the provider knows it." -}}
{{- end -}}
{{- if and $desk.oidc.issuer (not $desk.publicUrl) -}}
{{- fail "desk.publicUrl: name where the provider sends browsers back to, such as https://desk.example.com." -}}
{{- end -}}
{{- if and $desk.ingress.enabled (not $desk.ingress.host) -}}
{{- fail "desk.ingress.host: name the host that the Ingress is for." -}}
{{- end -}}
{{- if eq (int $desk.port) (int .Values.healthPort) -}}
{{- fail "desk.port: it cannot be healthPort." -}}
{{- end -}}
{{- end -}}
