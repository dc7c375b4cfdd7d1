package io.pgbackup.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `clusters -n`, `clusters -A` and `status --statefulset`, over the ConfigMaps that an API server
/// of this test lists.
class RecordVerbsTest {
  private static final String KUBECONFIG = "kubeconfig";

  private static final String RECORD =
      """
      {"kind": "ConfigMap", "apiVersion": "v1",
       "metadata": {"namespace": "shop", "name": "orders-pgbackup-status"},
       "data": {
         "cluster": "shop/orders", "uid": "two", "pod": "orders-0", "agent": "0.1.0",
         "lineages": "2026-11-10T19:00:00Z one s3://backups/one\\n2026-11-21T02:30:00Z two s3://backups/two",
         "state": "One problem", "detail": "It is told below.", "problems": "retention: no answer",
         "windows": "2026-11-21T03:20:00Z/2026-11-21T04:59:40Z",
         "lastSegment": "000000020000000000000009", "lastSegmentAt": "2026-11-21T04:59:40Z",
         "updatedAt": "2026-11-21T04:59:30Z"}}
      """;

  @TempDir private Path folder;

  private HttpServer server;

  @BeforeEach
  void serve() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          byte[] answer = answer(exchange.getRequestURI()).getBytes(StandardCharsets.UTF_8);
          exchange.getResponseHeaders().add("Content-Type", "application/json");
          exchange.sendResponseHeaders(answer.length == 0 ? 404 : 200, answer.length);
          exchange.getResponseBody().write(answer);
          exchange.close();
        });
    server.start();
    Path kubeconfig = folder.resolve("config");
    Files.writeString(
        kubeconfig,
        """
        apiVersion: v1
        kind: Config
        clusters: [{ name: here, cluster: { server: "http://127.0.0.1:%d" } }]
        users: [{ name: anna, user: { token: x } }]
        contexts: [{ name: it, context: { cluster: here, user: anna, namespace: shop } }]
        current-context: it
        """
            .formatted(server.getAddress().getPort()));
    System.setProperty(KUBECONFIG, kubeconfig.toString());
  }

  @AfterEach
  void stop() {
    System.clearProperty(KUBECONFIG);
    server.stop(0);
  }

  private static String answer(URI asked) {
    return switch (asked.getPath()) {
      case "/api/v1/configmaps", "/api/v1/namespaces/shop/configmaps" -> list(RECORD);
      case "/api/v1/namespaces/test/configmaps" -> list("");
      default -> "";
    };
  }

  private static String list(String items) {
    return "{\"kind\": \"ConfigMapList\", \"apiVersion\": \"v1\", \"metadata\": {}, \"items\": [%s]}"
        .formatted(items);
  }

  private static JsonNode json(Run run) throws IOException {
    assertThat(run.err()).isEmpty();
    assertThat(run.status()).isZero();
    return new JsonMapper().readTree(run.out());
  }

  @Test
  void scriptsGetWhatTheRecordsSay() throws IOException {
    JsonNode one = json(Run.of("status", "--statefulset", "orders", "-n", "shop", "-o", "json"));

    assertThat(one.at("/cluster").asText()).isEqualTo("shop/orders");
    assertThat(one.at("/state").asText()).isEqualTo("One problem");
    assertThat(one.at("/detail").asText()).isEqualTo("It is told below.");
    assertThat(one.at("/silent").asBoolean()).isFalse();
    assertThat(one.at("/problems/0").asText()).isEqualTo("retention: no answer");
    assertThat(one.at("/archive").asText()).isEqualTo("s3://backups/two");
    assertThat(one.at("/lineages/0/uid").asText()).isEqualTo("one");
    assertThat(one.at("/windows/0/start").asText()).isEqualTo("2026-11-21T03:20:00Z");
    assertThat(one.at("/lastSegment/name").asText()).isEqualTo("000000020000000000000009");
    assertThat(one.at("/lastBackup").isNull()).isTrue();
    assertThat(one.at("/lagSeconds").isNull()).isTrue();
    assertThat(json(Run.of("clusters", "-n", "shop", "-o", "json"))).containsExactly(one);
    assertThat(json(Run.of("clusters", "-A", "-o", "json"))).containsExactly(one);
  }

  @Test
  void theNamespaceIsTheContextsIfLeftOut() throws IOException {
    assertThat(json(Run.of("status", "--statefulset", "orders", "-o", "json")).at("/pod").asText())
        .isEqualTo("orders-0");
  }

  @Test
  void whereNobodyKeepsARecordTheArrayIsEmpty() {
    Run run = Run.of("clusters", "-n", "test", "-o", "json");

    assertThat(run.status()).isZero();
    assertThat(run.out()).isEqualTo("[]\n");
    assertThat(run.err()).contains("no agent keeps a record in namespace test");
  }

  @Test
  void aStatefulSetWithoutARecordIsNotFound() {
    Run run = Run.of("status", "--statefulset", "stock", "-n", "shop", "-o", "json");

    assertThat(run.status()).isEqualTo(9);
    assertThat(run.out()).isEmpty();
    assertThat(run.err()).contains("no agent of a StatefulSet shop/stock keeps a record");
  }
}
