package io.pgbackup.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What the chart makes of its values, without a cluster.
class ChartTest {
  private static final Path SNAPSHOTS = Path.of("src", "test", "resources", "chart");

  /// Every part of the chart that is off by default.
  static final String[] EVERYTHING = {
    "bootstrap.cluster=orders",
    "bootstrap.timestamp=2026-11-21T02:13:37Z",
    "bootstrap.existingSecret=bucket-restorer",
    "bootstrap.roleSecrets[0]=orders-app",
    "metrics.podMonitor.enabled=true",
    "metrics.prometheusRule.enabled=true",
    "metrics.dashboard.enabled=true",
    "retentionJob.enabled=true",
    "retentionJob.existingSecret=bucket-retention",
    "networkPolicy.enabled=true",
    "networkPolicy.metricsFrom[0].namespaceSelector.matchLabels.name=monitoring",
    "networkPolicy.egress.enabled=true",
    "networkPolicy.postgresFrom[0].podSelector.matchLabels.app=shop",
    "replicas=3",
    "agent.apiTokenSecret.name=api",
    "global.imageRegistry=registry.example",
    "global.imagePullSecrets[0].name=everywhere",
    "imagePullSecrets[0].name=here",
  };

  /// Instead of a Secret with a key that was made by hand.
  static final String[] BROKER = {
    "credentials.existingSecret=",
    "broker.enabled=true",
    "broker.existingSecret=parent",
    "retentionJob.enabled=true",
    "metrics.podMonitor.enabled=true",
    "bootstrap.cluster=orders",
    "bootstrap.existingSecret=reader",
    "global.imageRegistry=registry.example",
    "global.imagePullSecrets[0].name=everywhere",
    "imagePullSecrets[0].name=here",
  };

  @BeforeAll
  static void requireHelm() {
    Helm.requireProgram();
  }

  @Test
  void itIsWellFormed() {
    assertThat(Helm.with(EVERYTHING).lint().status()).isZero();
  }

  /// Written anew with `-Dpgbackup.chart=write`, to be looked at as a diff.
  @ParameterizedTest
  @ValueSource(strings = {"least", "everything", "broker"})
  void itRendersAsBefore(String name) throws IOException {
    Helm helm =
        switch (name) {
          case "broker" -> Helm.with(BROKER);
          case "everything" -> Helm.with(EVERYTHING);
          default -> Helm.with();
        };
    // both are files of their own, compared elsewhere
    String rendered =
        helm.text()
            .replaceAll("(?s)(pgbackup\\.json: \\|\n).*?\n---", "$1    (the dashboard)\n---")
            .replaceAll("(?s)(\nspec:\n)  # Prometheus.*?\n---", "$1  (the rules)\n---");
    Path snapshot = SNAPSHOTS.resolve(name + ".yaml");
    if ("write".equals(System.getProperty("pgbackup.chart"))) {
      Files.createDirectories(SNAPSHOTS);
      Files.writeString(snapshot, rendered);
    }

    assertThat(rendered).isEqualTo(Files.readString(snapshot));
  }

  /// YAML takes such words for numbers and truths, and Kubernetes refuses those as names and
  /// labels.
  @ParameterizedTest
  @ValueSource(strings = {"123", "1e3", "true", "null"})
  void aReleaseWhoseNameIsNoWordOfYamlRendersTheSame(String release) {
    for (String[] settings : List.of(new String[0], EVERYTHING, BROKER)) {
      assertThat(types(Helm.with(settings).named(release).objects()))
          .isEqualTo(types(Helm.with(settings).objects()));
    }
  }

  /// The path of everything and whether it is a text or something else.
  private static List<String> types(List<JsonNode> objects) {
    List<String> found = new ArrayList<>();
    objects.forEach(object -> collect(object.at("/kind").asText(), object, found));
    return found;
  }

  private static void collect(String path, JsonNode node, List<String> found) {
    if (node.isObject()) {
      node.properties()
          .forEach(each -> collect(path + "/" + each.getKey(), each.getValue(), found));
    } else if (node.isArray()) {
      node.forEach(each -> collect(path + "/-", each, found));
    } else {
      found.add("%s %s".formatted(path, node.getNodeType()));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "postgres.existingSecret=, postgres.existingSecret",
    "config.storage.url=http://x, config.storage.url",
    "postgres.parameters.archive_mode=off, archive_mode",
    "unknown=1, unknown",
    "terminationGracePeriodSeconds=5, terminationGracePeriodSeconds",
    "retentionJob.enabled=true, retentionJob",
    "broker.enabled=true, credentials.existingSecret",
    "'broker.enabled=true,credentials.existingSecret=', broker.existingSecret",
    "broker.config.kind=static, broker.config.kind",
    "broker.config.listen=127.0.0.1:1, broker.config.listen",
    "statefulSet.podLabels.app=orders, podLabels",
    "standby=true, bootstrap.cluster",
    "'standby=true,bootstrap.cluster=a,replicas=2', replicas",
    "'standby=true,bootstrap.cluster=a,bootstrap.timestamp=2026-11-21T02:13:37Z', timestamp",
    "'standby=true,bootstrap.cluster=a,config.backup.from=standby', config.backup.from",
    "'standby=true,bootstrap.cluster=a,retentionJob.enabled=true,retentionJob.existingSecret=x', retentionJob.enabled",
    "data.directory=/, data.directory",
    "networkPolicy.egress.storagePorts[0]=0, storagePorts",
    "networkPolicy.egress.prots[0]=1, prots",
    "postgres.superuser=, superuser",
    "postgres.superuser=a;b, superuser",
    "'replicas=2,postgres.superuser=pgbackup_standby', replication.user",
    "postgres.extraEnv[0].name=POSTGRES_USER, extraEnv",
    "metrics.dashboard.labels.a=1, metrics.dashboard.labels.a",
    "replicas=0, replicas",
    "replication.user=postgres, replication.user",
    "replication.user=a-b, replication.user",
    "cluster.uid=a/b, cluster.uid",
    "bootstrap.timestamp=2026-11-21T02:13:37Z, bootstrap.timestamp",
    "bootstrap.uid=u, bootstrap.uid",
    "'bootstrap.cluster=a,bootstrap.prefix=b', bootstrap.cluster",
    "'bootstrap.cluster=a,bootstrap.timestamp=2026-11-21T02:13:37', bootstrap.timestamp",
  })
  void whatCannotWorkIsRefusedByTheSchema(String wrong, String named) {
    Helm.Answer answer = Helm.with(wrong).render();

    assertThat(answer.status()).isNotZero();
    assertThat(answer.errors()).contains(named.substring(named.lastIndexOf('.') + 1));
  }

  @Test
  void theAgentAndTheJobDoNotBothDelete() {
    Helm.Answer both =
        Helm.with(
                "retentionJob.enabled=true",
                "retentionJob.existingSecret=x",
                "config.retention.run=agent")
            .render();

    assertThat(both.status()).isNotZero();
    assertThat(both.errors()).contains("retention.run");
    assertThat(configuration(Helm.with(EVERYTHING))).contains("retention:\n  run: job");
    assertThat(configuration(Helm.with())).doesNotContain("retention:");
  }

  @Test
  void onlyTheJobHasTheCredentialThatDeletes() {
    Helm helm = Helm.with(EVERYTHING);

    assertThat(secretsOf(helm.pod()))
        .containsExactlyInAnyOrder("bucket", "bucket-restorer", "api", "superuser", "orders-app");
    assertThat(
            secretsOf(
                helm.one("CronJob", "orders-retention").at("/spec/jobTemplate/spec/template/spec")))
        .containsExactly("bucket-retention");
  }

  /// Everybody has the credential of his own role, and the parent's key is the broker's alone.
  @Test
  void onlyTheBrokerHasTheParentKey() {
    Helm helm = Helm.with(BROKER);

    assertThat(secretsOf(broker(helm))).containsExactly("parent");
    assertThat(secretsOf(helm.pod()))
        .containsExactlyInAnyOrder("orders-store-archiver", "reader", "superuser");
    assertThat(
            secretsOf(
                helm.one("CronJob", "orders-retention").at("/spec/jobTemplate/spec/template/spec")))
        .containsExactly("orders-store-retention");
    assertThat(configuration(helm)).contains("file: /etc/pgbackup-credentials/credentials.json");
  }

  /// For this cluster, into the Secrets that its pods mount, and its rights reach no others.
  @Test
  void theBrokerKeepsThoseSecretsFresh() throws IOException {
    Helm helm = Helm.with(BROKER);
    JsonNode config =
        new YAMLMapper()
            .readTree(helm.one("ConfigMap", "orders-broker").at("/data/broker.yaml").asText());

    assertThat(config.at("/storage")).hasToString("{\"url\":\"s3://backups\"}");
    assertThat(config.at("/broker/outputs").findValuesAsText("role"))
        .containsExactly("archiver", "retention");
    assertThat(config.at("/broker/outputs").findValuesAsText("cluster")).containsOnly("orders");
    assertThat(config.at("/broker/outputs").findValuesAsText("namespace")).containsOnly("shop");
    JsonNode rules = helm.one("Role", "orders-broker").get("rules");
    assertThat(rules).hasSize(2);
    assertThat(rules.at("/0/verbs")).hasToString("[\"create\"]");
    assertThat(rules.at("/1/resourceNames"))
        .hasToString("[\"orders-store-archiver\",\"orders-store-retention\"]");
    assertThat(rules.at("/1/verbs")).hasToString("[\"get\",\"update\"]");
    assertThat(broker(helm).at("/initContainers/0/command").toString())
        .contains("\"bootstrap\"", "--namespace=shop", "--cluster=orders");

    Helm withoutRetention =
        Helm.with(
            "credentials.existingSecret=", "broker.enabled=true", "broker.existingSecret=parent");
    assertThat(withoutRetention.one("Role", "orders-broker").at("/rules/1/resourceNames"))
        .hasToString("[\"orders-store-archiver\"]");
    assertThat(Helm.with().text()).doesNotContain("broker");
  }

  @ParameterizedTest
  @ValueSource(strings = {"postgres", "pgbackup-bootstrap-postgres", "pgbackup-standby"})
  void noContainerOfTheDatabasesImageMountsAnythingOfTheBuckets(String name) {
    JsonNode server = container(Helm.with(EVERYTHING), name);

    assertThat(server.get("image").asText()).isEqualTo("registry.example/postgres:17");
    assertThat(server.get("volumeMounts").findValuesAsText("name"))
        .contains("data")
        .doesNotContain(
            "pgbackup-credentials",
            "pgbackup-bootstrap-credentials",
            "pgbackup-config",
            "pgbackup-api");
    assertThat(server.path("env").toString()).doesNotContain("bucket");
  }

  @Test
  void anEmptyVolumeIsFilledBeforeTheAgentStartsAndOnlyWhereThatIsAskedFor() {
    assertThat(containers(Helm.with().pod()).map(container -> container.get("name").asText()))
        .containsExactly("pgbackup-client", "pgbackup-agent", "postgres");

    Helm helm = Helm.with("bootstrap.cluster=orders", "bootstrap.uid=u1", "bootstrap.again=true");
    assertThat(containers(helm.pod()).map(container -> container.get("name").asText()))
        .containsExactly(
            "pgbackup-client",
            "pgbackup-bootstrap-postgres",
            "pgbackup-bootstrap",
            "pgbackup-agent",
            "postgres");
    assertThat(words(helm))
        .contains("--cluster=orders", "--uid=u1", "--latest", "--again")
        .contains("--password=postgres=/etc/pgbackup-superuser/password");
    assertThat(container(helm, "pgbackup-bootstrap").has("restartPolicy")).isFalse();
    assertThat(container(helm, "pgbackup-bootstrap").get("volumeMounts").findValuesAsText("name"))
        .contains("pgbackup-credentials");

    assertThat(words(Helm.with("bootstrap.prefix=spilo/orders/u/wal/15", "postgres.superuser=me")))
        .contains("--prefix=spilo/orders/u/wal/15", "--latest")
        .contains("--password=me=/etc/pgbackup-superuser/password")
        .noneMatch(word -> word.startsWith("--cluster"));
    assertThat(words(Helm.with(EVERYTHING)))
        .contains("--timestamp=2026-11-21T02:13:37Z")
        .doesNotContain("--latest");
  }

  @Test
  void otherRolesGetThePasswordsOfTheirSecretsWhereThatIsAskedFor() {
    String[] settings = {
      "bootstrap.cluster=orders",
      "bootstrap.roleSecrets[0]=orders-app",
      "bootstrap.roleSecrets[1]=reader.orders",
      "standby=false"
    };
    Helm filled = Helm.with(settings);
    settings[settings.length - 1] = "standby=true";
    Helm standby = Helm.with(settings);

    assertThat(words(filled))
        .contains(
            "--role-files=/etc/pgbackup-passwords/shop/orders-app/username=/etc/pgbackup-passwords/shop/orders-app/password",
            "--role-files=/etc/pgbackup-passwords/shop/reader.orders/username=/etc/pgbackup-passwords/shop/reader.orders/password",
            "--superuser=postgres");
    assertThat(
            container(filled, "pgbackup-bootstrap")
                .get("volumeMounts")
                .findValuesAsText("mountPath"))
        .contains("/etc/pgbackup-passwords/shop/orders-app");
    assertThat(container(filled, "pgbackup-bootstrap-postgres").get("volumeMounts").toString())
        .doesNotContain("pgbackup-role");
    assertThat(standby.text()).doesNotContain("orders-app");
    assertThat(words(Helm.with("bootstrap.cluster=orders")))
        .noneMatch(word -> word.startsWith("--superuser"));
  }

  /// It reads one cluster's archive and writes another's: each credential only its own.
  @Test
  void whatFillsTheVolumeHasBothCredentialsWhereThereAreTwo() {
    Helm two = Helm.with("bootstrap.cluster=orders", "bootstrap.existingSecret=reader");
    assertThat(words(two)).contains("--source-credentials=/etc/pgbackup-bootstrap-credentials");
    assertThat(container(two, "pgbackup-bootstrap").get("volumeMounts").findValuesAsText("name"))
        .contains("pgbackup-credentials", "pgbackup-bootstrap-credentials");
    assertThat(container(two, "pgbackup-agent").get("volumeMounts").findValuesAsText("name"))
        .doesNotContain("pgbackup-bootstrap-credentials");

    assertThat(words(Helm.with("bootstrap.cluster=orders")))
        .noneMatch(word -> word.startsWith("--source-credentials"));
  }

  /// The agent beside it is one of the cluster that it follows, with what may read there and
  /// nothing else; promoted it is the release's own.
  @Test
  void aStandbyFollowsAnArchiveWithACredentialThatReads() {
    String[] settings = {
      "bootstrap.cluster=orders",
      "bootstrap.namespace=elsewhere",
      "bootstrap.existingSecret=reader",
      "cluster.name=there",
      "cluster.uid=u1",
      "standby=true"
    };
    Helm standby = Helm.with(settings);
    settings[settings.length - 1] = "standby=false";
    Helm promoted = Helm.with(settings);

    assertThat(secretsOf(standby.pod())).containsExactlyInAnyOrder("reader", "superuser");
    assertThat(configuration(standby))
        .contains("name: orders", "namespace: elsewhere")
        .doesNotContain("uid:");
    assertThat(words(standby))
        .contains("--standby", "--cluster=orders", "--namespace=elsewhere", "--latest")
        .noneMatch(word -> word.matches("--(password|source-credentials).*"));
    assertThat(container(standby, "postgres").get("args").toString())
        .contains(
            "restore_command=/opt/pgbackup/pgbackup-client", "recovery_target_timeline=latest");
    assertThat(standby.ofKind("Pod")).as("of a test that writes").isEmpty();

    assertThat(secretsOf(promoted.pod()))
        .containsExactlyInAnyOrder("bucket", "reader", "superuser");
    assertThat(configuration(promoted)).contains("name: there", "namespace: shop", "uid: u1");
    assertThat(words(promoted)).contains("--cluster=orders").doesNotContain("--standby");
    assertThat(container(promoted, "postgres").get("args").toString())
        .doesNotContain("restore_command");
  }

  /// Its agent reads the bucket with it, and so does what fills the volume.
  @Test
  void aStandbyNeedsNoCredentialBesideTheOneThatReads() {
    String[] settings = {
      "credentials.existingSecret=",
      "bootstrap.cluster=orders",
      "bootstrap.existingSecret=reader",
      "standby=true"
    };
    Helm standby = Helm.with(settings);
    settings[settings.length - 1] = "standby=false";
    Helm promoted = Helm.with(settings);

    assertThat(secretsOf(standby.pod())).containsExactlyInAnyOrder("reader", "superuser");
    assertThat(configuration(standby))
        .contains("accessKeyIdFile: /etc/pgbackup-credentials/access-key-id");
    assertThat(configuration(promoted))
        .as("its own are the SDK's default chain")
        .doesNotContain("credentials:");
  }

  /// Before what fills a volume from the bucket, so that a standby's is filled by then; and nothing
  /// of it for who has one pod.
  @Test
  void aStandbysVolumeIsFilledFromThePrimary() {
    Helm helm = Helm.with("replicas=3", "bootstrap.cluster=orders");
    JsonNode set = helm.one("StatefulSet", "orders");

    assertThat(set.at("/spec/replicas").asInt()).isEqualTo(3);
    assertThat(set.at("/metadata/annotations/pgbackup.io~1standbys").asText())
        .isEqualTo("made-from-primary");
    assertThat(containers(helm.pod()).map(container -> container.get("name").asText()))
        .containsExactly(
            "pgbackup-client",
            "pgbackup-standby",
            "pgbackup-bootstrap-postgres",
            "pgbackup-bootstrap",
            "pgbackup-agent",
            "postgres");

    Helm one = Helm.with("replicas=1");
    assertThat(one.one("StatefulSet", "orders").at("/metadata").has("annotations")).isFalse();
    assertThat(one.text()).doesNotContain("standby", "replication-password");
  }

  @Test
  void clientsReachThePrimaryAndReadersEveryPod() {
    Helm helm = Helm.with("replicas=2");
    JsonNode labels =
        helm.one("StatefulSet", "orders").at("/spec/template/metadata/labels").deepCopy();

    assertThat(
            helm.one("Service", "orders").at("/spec/selector/statefulset.kubernetes.io~1pod-name"))
        .hasToString("\"orders-0\"");
    assertThat(helm.one("Service", "orders-replicas").at("/spec/selector")).isEqualTo(labels);
    assertThat(helm.one("Service", "orders-pods").at("/spec/selector")).isEqualTo(labels);
    assertThat(
            Helm.with()
                .one("Service", "orders")
                .at("/spec/selector/statefulset.kubernetes.io~1pod-name"))
        .as("while replicas become one, the others are still there")
        .hasToString("\"orders-0\"");
    assertThat(Helm.with().ofKind("Service")).hasSize(2);
  }

  /// A restriction of who may reach the server must not cut the standbys off.
  @Test
  void thePodsReachEachOtherThroughTheirNetworkPolicy() {
    Helm helm = Helm.with(EVERYTHING);
    JsonNode pods = helm.one("StatefulSet", "orders").at("/spec/template/metadata/labels");
    JsonNode policy = helm.one("NetworkPolicy", "orders");

    assertThat(policy.at("/spec/ingress/0/from/0/podSelector/matchLabels")).isEqualTo(pods);
    assertThat(policy.at("/spec/ingress/0/from/2/podSelector/matchLabels/app").asText())
        .isEqualTo("shop");
    assertThat(policy.at("/spec/egress").findValues("podSelector"))
        .anySatisfy(peer -> assertThat(peer.get("matchLabels")).isEqualTo(pods));
  }

  /// Another release's in the same namespace is none of ours.
  @Test
  void thePodOfHelmTestReachesTheServerThatOnlySomeMayReach() {
    Helm helm = Helm.with(EVERYTHING);
    JsonNode labels = helm.one("Pod", "orders-test").at("/metadata/labels").deepCopy();
    ((ObjectNode) labels).remove("app.kubernetes.io/managed-by");

    assertThat(
            helm.one("NetworkPolicy", "orders")
                .at("/spec/ingress/0/from/1/podSelector/matchLabels"))
        .isEqualTo(labels);
    assertThat(labels.get("app.kubernetes.io/instance").asText()).isEqualTo("orders");
  }

  @ParameterizedTest
  @CsvSource({
    "config.storage.region=eu-west-1, [443]",
    "config.storage.endpoint=http://minio.store:9000, [9000]",
    "config.storage.endpoint=https://[::1]:9000, [9000]",
    "config.storage.endpoint=https://minio.example, [443]",
    "config.storage.endpoint=http://minio.example, [80]",
    "config.storage.cloudflareAccountId=0123456789abcdef0123456789abcdef, [443]",
    "config.storage.endpoint=http://minio.store:9000;networkPolicy.egress.storagePorts[0]=9001, '[9000,9001]'",
    "config.storage.endpoint=http://minio.store:9000;networkPolicy.egress.storagePorts[0]=9000, [9000]",
    "config.storage.url=file:///mnt;networkPolicy.egress.storagePorts[0]=9001, [9001]",
    "config.storage.url=file:///mnt, ''",
  })
  void theBucketIsReachedAtThePortOfItsEndpoint(String settings, String ports) {
    Helm helm =
        Helm.with(
            Stream.concat(
                    Stream.of("networkPolicy.enabled=true", "networkPolicy.egress.enabled=true"),
                    Stream.of(settings.split(";")))
                .toArray(String[]::new));
    JsonNode egress = helm.one("NetworkPolicy", "orders").at("/spec/egress");

    assertThat(egress).hasSize(ports.isEmpty() ? 1 : 2);
    assertThat(egress.path(1).path("ports").findValuesAsText("port"))
        .hasToString(ports.isEmpty() ? "[]" : ports.replace(",", ", "));
  }

  /// The agent's role may be a lesser one; all others are the superuser, who has the Secret's
  /// password.
  @Test
  void theSuperuserIsTheSameEverywhere() {
    Helm helm =
        Helm.with(
            "postgres.superuser=root",
            "config.postgres.user=backup",
            "replicas=2",
            "bootstrap.cluster=orders");

    assertThat(env(container(helm, "postgres"), "POSTGRES_USER")).isEqualTo("root");
    assertThat(container(helm, "postgres").at("/readinessProbe").toString()).contains("-U root\"");
    assertThat(env(container(helm, "pgbackup-standby"), "SUPERUSER")).isEqualTo("root");
    assertThat(words(helm)).contains("--password=root=/etc/pgbackup-superuser/password");
    JsonNode test = helm.one("Pod", "orders-test").at("/spec/containers/0");
    assertThat(env(test, "PGUSER")).isEqualTo("root");
    assertThat(env(test, "PGDATABASE")).isEqualTo("postgres");
    assertThat(configuration(helm)).contains("user: backup");
    assertThat(configuration(Helm.with("postgres.superuser=root"))).contains("user: root");
  }

  private static String env(JsonNode container, String name) {
    return StreamSupport.stream(container.get("env").spliterator(), false)
        .filter(each -> each.get("name").asText().equals(name))
        .findFirst()
        .orElseThrow()
        .get("value")
        .asText();
  }

  @Test
  void whatIsAddedToTheServersPodIsThere() {
    Helm helm =
        Helm.with(
            "extraInitContainers[0].name=first",
            "extraInitContainers[0].image=registry.example/first:1",
            "extraVolumes[0].name=ca",
            "extraVolumes[0].configMap.name=ca",
            "postgres.extraVolumeMounts[0].name=ca",
            "postgres.extraVolumeMounts[0].mountPath=/ca",
            "agent.extraVolumeMounts[0].name=ca",
            "agent.extraVolumeMounts[0].mountPath=/agents-ca",
            "bootstrap.cluster=orders");

    assertThat(helm.pod().at("/initContainers/0/name").asText()).isEqualTo("first");
    assertThat(helm.pod().at("/initContainers/1/name").asText()).isEqualTo("pgbackup-client");
    assertThat(helm.pod().get("volumes").findValuesAsText("name")).contains("ca", "pgbackup-tmp");
    assertThat(container(helm, "postgres").get("volumeMounts").findValuesAsText("mountPath"))
        .contains("/ca", "/var/run/postgresql")
        .doesNotContain("/agents-ca");
    for (String name : List.of("pgbackup-agent", "pgbackup-bootstrap")) {
      assertThat(container(helm, name).get("volumeMounts").findValuesAsText("mountPath"))
          .contains("/agents-ca", "/etc/pgbackup")
          .doesNotContain("/ca");
    }
  }

  /// Which verbs there are is said in docs/kubernetes.md, with what each of them is for.
  @Test
  void theAgentMayWriteItsRecordAndEventsAndNothingElse() {
    JsonNode rules = Helm.with().one("Role", "orders-agent").get("rules");

    assertThat(rules.toString())
        .isEqualTo(
            """
            [{"apiGroups":[""],"resources":["configmaps"],"verbs":["create"]},\
            {"apiGroups":[""],"resources":["configmaps"],\
            "resourceNames":["orders-pgbackup-status"],"verbs":["get","update"]},\
            {"apiGroups":["events.k8s.io"],"resources":["events"],"verbs":["create","patch"]}]""");
    assertThat(
            Helm.with("serviceAccount.name=mine")
                .one("RoleBinding", "orders-agent")
                .at("/subjects/0/name")
                .asText())
        .isEqualTo("mine");
    assertThat(
            Helm.with("config.kubernetes.configMap=state")
                .one("Role", "orders-agent")
                .at("/rules/1/resourceNames/0")
                .asText())
        .isEqualTo("state");
  }

  /// Kubernetes takes 52 characters for it, and adds a number to them.
  @Test
  void theNameOfTheCronJobIsNeverTooLong() {
    Helm helm =
        Helm.with(
            "retentionJob.enabled=true",
            "retentionJob.existingSecret=d",
            "fullnameOverride=" + "a".repeat(52));

    assertThat(helm.ofKind("CronJob").getFirst().at("/metadata/name").asText())
        .hasSizeLessThanOrEqualTo(52)
        .endsWith("-retention");
  }

  @Test
  void filesThatTheConfigurationNamesCanBeMountedWhereverItIsRead() {
    List<String> settings =
        Stream.of("broker", "retentionJob")
            .flatMap(
                key ->
                    Stream.of(
                        key + ".extraVolumes[0].name=ca",
                        key + ".extraVolumes[0].configMap.name=ca",
                        key + ".extraVolumeMounts[0].name=ca",
                        key + ".extraVolumeMounts[0].mountPath=/ca"))
            .toList();
    Helm helm =
        Helm.with(Stream.concat(Stream.of(BROKER), settings.stream()).toArray(String[]::new));

    List<JsonNode> pods =
        List.of(
            broker(helm),
            helm.one("CronJob", "orders-retention").findValue("template").get("spec"));
    for (JsonNode pod : pods) {
      assertThat(pod.get("volumes").findValuesAsText("name")).contains("ca");
      assertThat(containers(pod))
          .allMatch(it -> it.get("volumeMounts").findValuesAsText("mountPath").contains("/ca"));
    }
  }

  @Test
  void anEmptyListMayAlsoBeLeftOut() {
    assertThat(Helm.with("agent.extraEnv=null").render().status()).isZero();
  }

  @Test
  void onlyTheAgentHasATokenForKubernetes() {
    for (JsonNode pod : pods()) {
      assertThat(containers(pod).filter(ChartTest::hasToken))
          .allMatch(container -> container.get("name").asText().equals("pgbackup-agent"));
    }
    assertThat(containers(Helm.with().pod()).filter(ChartTest::hasToken)).hasSize(1);

    Helm without = Helm.with("agent.kubernetes.enabled=false");
    assertThat(containers(without.pod()).filter(ChartTest::hasToken)).isEmpty();
    assertThat(without.text()).doesNotContain("serviceAccountToken", "kind: Role");
    assertThat(configuration(without)).doesNotContain("kubernetes");
  }

  private static boolean hasToken(JsonNode container) {
    return container
        .path("volumeMounts")
        .findValuesAsText("mountPath")
        .contains("/var/run/secrets/kubernetes.io/serviceaccount");
  }

  @Test
  void everyPodIsWithinTheRestrictedStandard() {
    for (JsonNode pod : pods()) {
      assertThat(pod.at("/securityContext/runAsNonRoot").asBoolean()).isTrue();
      assertThat(pod.at("/securityContext/seccompProfile/type").asText())
          .isEqualTo("RuntimeDefault");
      assertThat(pod.at("/automountServiceAccountToken").asBoolean(true))
          .as("only the broker asks the API server")
          .isEqualTo(pod.at("/serviceAccountName").asText().equals("orders-broker"));
      assertThat(containers(pod))
          .isNotEmpty()
          .allSatisfy(
              container -> {
                JsonNode security = container.get("securityContext");
                assertThat(security.get("allowPrivilegeEscalation").asBoolean()).isFalse();
                assertThat(security.get("readOnlyRootFilesystem").asBoolean()).isTrue();
                assertThat(security.at("/capabilities/drop/0").asText()).isEqualTo("ALL");
              });
    }
  }

  @Test
  void everyImageIsOfTheGlobalRegistryAndPulledWithAllSecrets() {
    for (JsonNode pod : pods()) {
      assertThat(pod.get("imagePullSecrets").findValuesAsText("name"))
          .containsExactly("everywhere", "here");
      assertThat(containers(pod).map(container -> container.get("image").asText()))
          .allMatch(image -> image.startsWith("registry.example/"));
    }
  }

  @Test
  void onlyTheServersPodIsFoundByItsServices() {
    Helm helm = Helm.with(EVERYTHING);
    JsonNode selector = helm.one("Service", "orders-pods").at("/spec/selector");

    assertThat(helm.one("NetworkPolicy", "orders").at("/spec/podSelector/matchLabels"))
        .isEqualTo(selector);
    assertThat(
            helm.one("CronJob", "orders-retention")
                .at("/spec/jobTemplate/spec/template/metadata/labels/app.kubernetes.io~1name"))
        .isNotEqualTo(selector.get("app.kubernetes.io/name"));
    assertThat(helm.one("Pod", "orders-test").at("/metadata/labels/app.kubernetes.io~1name"))
        .isNotEqualTo(selector.get("app.kubernetes.io/name"));
    assertThat(
            Helm.with(BROKER)
                .one("Deployment", "orders-broker")
                .at("/spec/template/metadata/labels/app.kubernetes.io~1name"))
        .isNotEqualTo(selector.get("app.kubernetes.io/name"));
  }

  @Test
  void everyPortNamesItsProtocol() {
    for (JsonNode object : Helm.with(EVERYTHING).objects()) {
      for (JsonNode ports : object.findValues("ports")) {
        assertThat(ports).isNotEmpty().allMatch(port -> port.has("protocol"));
      }
    }
  }

  @Test
  void theDashboardIsTheOneOfTheMeters() throws IOException {
    ObjectMapper json = new ObjectMapper();
    JsonNode map = Helm.with(EVERYTHING).one("ConfigMap", "orders-pgbackup-dashboard");

    assertThat(map.at("/metadata/labels/grafana_dashboard").asText()).isEqualTo("1");
    assertThat(json.readTree(map.at("/data/pgbackup.json").asText()))
        .isEqualTo(
            json.readTree(Path.of("..", "charts", "pgbackup", "files", "dashboard.json").toFile()));
  }

  private static String configuration(Helm helm) {
    return helm.one("ConfigMap", "orders-pgbackup").at("/data/pgbackup.yaml").asText();
  }

  private static JsonNode broker(Helm helm) {
    return helm.one("Deployment", "orders-broker").at("/spec/template/spec");
  }

  /// Of everything that the chart can make.
  private static List<JsonNode> pods() {
    Helm helm = Helm.with(EVERYTHING);
    List<JsonNode> pods = new ArrayList<>(List.of(helm.pod(), broker(Helm.with(BROKER))));
    helm.ofKind("CronJob").forEach(job -> pods.add(job.at("/spec/jobTemplate/spec/template/spec")));
    helm.ofKind("Pod").forEach(pod -> pods.add(pod.get("spec")));
    assertThat(pods).hasSize(4);
    return pods;
  }

  private static Stream<JsonNode> containers(JsonNode pod) {
    return Stream.of("initContainers", "containers")
        .flatMap(list -> StreamSupport.stream(pod.path(list).spliterator(), false));
  }

  private static JsonNode container(Helm helm, String name) {
    return containers(helm.pod())
        .filter(container -> container.at("/name").asText().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private static List<String> words(Helm helm) {
    return StreamSupport.stream(
            container(helm, "pgbackup-bootstrap").get("command").spliterator(), false)
        .map(JsonNode::asText)
        .toList();
  }

  private static Set<String> secretsOf(JsonNode pod) {
    Set<String> names = new TreeSet<>(pod.get("volumes").findValuesAsText("secretName"));
    pod.findValues("secretKeyRef").forEach(key -> names.add(key.get("name").asText()));
    return names;
  }
}
