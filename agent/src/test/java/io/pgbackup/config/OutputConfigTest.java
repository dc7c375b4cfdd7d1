package io.pgbackup.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.config.OutputConfig.Place;
import io.pgbackup.config.PgBackupConfig.HttpConfig;
import io.pgbackup.credentials.policy.Role;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.problem.PgBackupException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OutputConfigTest {
  private static BrokerConfig broker(Map<String, String> environment, String more) {
    return new ConfigLoader(environment)
        .parseBroker(
            "configuration",
            """
            storage: { url: 's3://backups' }
            broker:
              kind: static
              keysDirectory: /keys
            %s
            """
                .formatted(more.indent(2)))
        .broker();
  }

  private static BrokerConfig broker(String more) {
    return broker(Map.of(), more);
  }

  @Test
  void everyKeyIsRead() {
    BrokerConfig broker =
        broker(
            """
            listen: "127.0.0.1:0"
            outputs:
              - { namespace: shop, cluster: orders, uid: u-1, role: archiver, timeToLive: 6h, file: /run/a.json, mode: "0640" }
              - { namespace: shop, cluster: stock, role: retention, secret: { namespace: jobs, name: stock } }
            """);

    assertThat(broker.listen()).isEqualTo(new HttpConfig("127.0.0.1", 0));
    assertThat(broker.outputs())
        .containsExactly(
            new OutputConfig(
                "shop",
                "orders",
                Optional.of(new LineageUid("u-1")),
                Role.ARCHIVER,
                Optional.of(Duration.ofHours(6)),
                new Place.File(
                    Path.of("/run/a.json"), PosixFilePermissions.fromString("rw-r-----"))),
            new OutputConfig(
                "shop",
                "stock",
                Optional.empty(),
                Role.RETENTION,
                Optional.empty(),
                new Place.Secret("jobs", "stock")));
  }

  @Test
  void whatIsLeftOutHasADefault() {
    BrokerConfig broker =
        broker(
            """
            outputs:
              - { cluster: orders, role: archiver, file: /run/a.json }
              - { namespace: shop, cluster: orders, role: archiver, secret: { name: orders } }
            """);

    assertThat(broker.listen()).isEqualTo(BrokerConfig.LISTEN);
    assertThat(broker.outputs())
        .extracting(OutputConfig::namespace, OutputConfig::place)
        .containsExactly(
            org.assertj.core.groups.Tuple.tuple(
                "default",
                new Place.File(
                    Path.of("/run/a.json"), PosixFilePermissions.fromString("rw-------"))),
            org.assertj.core.groups.Tuple.tuple("shop", new Place.Secret("shop", "orders")));
  }

  @Test
  void theEnvironmentGoesBeforeTheFile() {
    BrokerConfig broker =
        broker(
            Map.of(
                "PGBACKUP_BROKER_OUTPUTS",
                "[{\"cluster\": \"stock\", \"role\": \"restorer\", \"file\": \"/run/b.json\"}]"),
            "outputs: [{ cluster: orders, role: archiver, file: /run/a.json }]");

    assertThat(broker.outputs()).extracting(OutputConfig::cluster).isEqualTo(List.of("stock"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {role: archiver, file: /a}                                 | broker.outputs[0].cluster: missing
          {cluster: orders, file: /a}                                | broker.outputs[0].role: missing
          {cluster: orders, role: admin, file: /a}                   | broker.outputs[0].role: must be archiver, retention or restorer
          {cluster: orders, role: archiver}                          | broker.outputs[0].file: missing, or 'secret' is
          {cluster: orders, role: archiver, file: /a, secret: {name: a}} | broker.outputs[0].file: there is 'secret' too
          {cluster: orders, role: archiver, file: a}                 | broker.outputs[0].file: must be an absolute path
          {cluster: orders, role: archiver, file: /a, mode: "0644"}  | broker.outputs[0].mode: must be four digits such as 0600
          {cluster: orders, role: archiver, secret: {name: A}}       | broker.outputs[0].secret.name: must be lower-case letters
          {cluster: orders, role: archiver, secret: {namespace: b}}  | broker.outputs[0].secret.name: missing
          {cluster: orders, role: archiver, file: /a, uid: "a/b"}    | broker.outputs[0].uid: a UID has 1 to 63
          {cluster: orders, role: archiver, file: /a, ttl: 6h}       | broker.outputs[0].ttl: unknown key
          orders                                                     | broker.outputs[0]: must be a mapping
          """)
  void aFaultIsNamedWithItsPlace(String output, String fault) {
    assertThatThrownBy(() -> broker("outputs: [" + output + "]"))
        .isInstanceOf(PgBackupException.class)
        .hasMessageContaining(fault);
  }

  @Test
  void twoOutputsInOnePlaceAreRefused() {
    assertThatThrownBy(
            () ->
                broker(
                    """
                    outputs:
                      - { cluster: orders, role: archiver, file: /run/a.json }
                      - { cluster: stock, role: archiver, file: /run/./a.json, mode: "0640" }
                    """))
        .isInstanceOf(PgBackupException.class)
        .hasMessageContaining("broker.outputs[1]: another output is kept in the same place");
  }

  @Test
  void whatIsNoListIsSaid() {
    assertThatThrownBy(() -> broker("outputs: { cluster: orders }"))
        .isInstanceOf(PgBackupException.class)
        .hasMessageContaining("broker.outputs: must be a list of mappings");
  }
}
