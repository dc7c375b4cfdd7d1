package io.pgbackup.cli.command;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.pgbackup.credentials.CredentialDocument;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CredentialVerbsTest {
  @TempDir private Path folder;
  private Path config;
  private ScriptedBrokerage brokerage = new ScriptedBrokerage(true);
  private Prompt prompt = _ -> Optional.empty();

  @BeforeEach
  void configure() throws IOException {
    config =
        Files.writeString(
            folder.resolve("broker.yaml"),
            """
            storage: { url: "s3://backups", endpoint: "http://127.0.0.1:9000" }
            broker: { kind: static, keysDirectory: /nowhere }
            """);
  }

  private Run run(String... arguments) {
    List<String> line = new ArrayList<>(List.of("-c", config.toString(), "credentials"));
    line.addAll(List.of(arguments));
    return Run.of(
        new Surroundings(
            Map.of(), Run.NO_TERMINAL.clock(), Run.NO_TERMINAL.zone(), prompt, _ -> brokerage),
        line.toArray(String[]::new));
  }

  private Run forOrders(String verb, String... more) {
    List<String> line =
        new ArrayList<>(List.of(verb, "--namespace", "shop", "--cluster", "orders"));
    line.addAll(List.of(more));
    return run(line.toArray(String[]::new));
  }

  @Test
  void issueWritesWhatTheAgentReadsAndTheWordsElsewhere() throws IOException {
    Run run = forOrders("issue", "--role", "archiver", "--ttl", "2h");

    assertThat(run.status()).as(run.err()).isZero();
    JsonNode json = new JsonMapper().readTree(run.out());
    assertThat(json.path("accessKeyId").textValue()).isEqualTo("id1");
    assertThat(json.path("secretAccessKey").textValue()).isEqualTo("se'cret1");
    assertThat(json.path("sessionToken").textValue()).isEqualTo("token1");
    assertThat(json.path("expiration").textValue()).isEqualTo("2026-11-21T07:00:00Z");
    assertThat(json.path("bucket").textValue()).isEqualTo("backups");
    assertThat(json.path("prefix").textValue()).isEqualTo("pgbackup/shop/orders/");
    assertThat(CredentialDocument.parse(run.out().getBytes(UTF_8)).keys().accessKeyId())
        .isEqualTo("id1");
    assertThat(run.err())
        .contains("archiver of shop/orders", "until 2026-11-21T07:00:00Z")
        .doesNotContain("se'cret", "token1", "WARNING");
    assertThat(brokerage.asked()).containsExactly("issue archiver PT2H");
  }

  @Test
  void aShellReadsItsFormAsItIs() throws Exception {
    Run run = forOrders("issue", "--role", "restorer", "-o", "env");

    Path script =
        Files.writeString(
            folder.resolve("env.sh"),
            run.out()
                + "printf '%s|' \"$AWS_ACCESS_KEY_ID\" \"$AWS_SECRET_ACCESS_KEY\""
                + " \"$AWS_SESSION_TOKEN\" \"$AWS_REGION\" \"$AWS_ENDPOINT_URL_S3\"\n");
    Process shell = new ProcessBuilder("sh", script.toString()).start();
    assertThat(new String(shell.getInputStream().readAllBytes(), UTF_8))
        .isEqualTo("id1|se'cret1|token1|us-east-1|http://127.0.0.1:9000|");
    assertThat(run.out().lines())
        .filteredOn(line -> line.startsWith("AWS_ACCESS_KEY_ID="))
        .hasSize(1);
  }

  @Test
  void aSecretIsNamedAfterClusterAndRole() throws IOException {
    Run run = forOrders("issue", "--role", "archiver", "-o", "secret");

    JsonNode manifest = new YAMLMapper().readTree(run.out());
    assertThat(manifest.path("metadata").path("name").textValue())
        .isEqualTo("orders-store-archiver");
    assertThat(manifest.path("metadata").path("namespace").textValue()).isEqualTo("shop");
    assertThat(
            CredentialDocument.parse(manifest.path("data").path("credentials.json").binaryValue())
                .keys()
                .secretAccessKey())
        .isEqualTo("se'cret1");
  }

  @Test
  void aFileIsForItsOwnerOnlyAndNothingGoesToStandardOutput() throws IOException {
    Path out = folder.resolve("archiver.json");

    Run run = forOrders("issue", "--role", "archiver", "--out", out.toString());
    Run again = forOrders("issue", "--role", "archiver", "--out", out.toString());

    assertThat(run.status()).as(run.err()).isZero();
    assertThat(run.out()).isEmpty();
    assertThat(run.err()).contains("written to " + out).doesNotContain("se'cret");
    assertThat(again.status()).as(again.err()).isZero();
    assertThat(CredentialDocument.parse(Files.readAllBytes(out)).keys().accessKeyId())
        .isEqualTo("id2");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(out)))
        .isEqualTo("rw-------");
  }

  @ParameterizedTest
  @ValueSource(strings = {"json", "env", "secret"})
  void anotherFileIsNotReplacedAndNothingIsIssued(String format) throws IOException {
    Path precious = Files.writeString(folder.resolve("precious"), "mine\n");

    Run run = forOrders("issue", "--role", "archiver", "-o", format, "--out", precious.toString());

    assertThat(run.status()).isEqualTo(4);
    assertThat(precious).hasContent("mine\n");
    assertThat(brokerage.asked()).isEmpty();
  }

  @Test
  void aFolderThatThereIsNotIsSaidBeforeAnythingEnds() {
    Run run =
        forOrders(
            "rotate", "--role", "archiver", "--out", folder.resolve("none/a.json").toString());

    assertThat(run.status()).isEqualTo(2);
    assertThat(run.err()).contains("--out: no file can be made in " + folder.resolve("none"));
    assertThat(brokerage.asked()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"env", "secret"})
  void theNextCredentialReplacesTheLastOneInItsForm(String format) throws IOException {
    Path out = folder.resolve("out");

    forOrders("issue", "--role", "archiver", "-o", format, "--out", out.toString());
    Run run = forOrders("issue", "--role", "archiver", "-o", format, "--out", out.toString());

    assertThat(run.status()).as(run.err()).isZero();
    assertThat(Files.readString(out)).startsWith("# pgbackup: ");
  }

  @Test
  void whoeverSeesTheSecretOnAScreenIsWarned() {
    prompt =
        new Prompt() {
          @Override
          public Optional<String> ask(String question) {
            return Optional.empty();
          }

          @Override
          public boolean isTerminal() {
            return true;
          }
        };

    assertThat(forOrders("issue", "--role", "archiver").err()).contains("WARNING: ", "--out FILE");
  }

  @Test
  void rotateProvesThatItCanIssueThenEndsTheOldOnesThenIssues() {
    Path out = folder.resolve("archiver.json");

    Run run = forOrders("rotate", "--role", "archiver", "--out", out.toString());

    assertThat(run.status()).as(run.err()).isZero();
    assertThat(brokerage.asked())
        .containsExactly("issue archiver", "revoke archiver", "issue archiver");
    assertThat(out).content().contains("\"accessKeyId\": \"id2\"");
  }

  @Test
  void rotateSaysWhereTheOldOnesLiveOn() {
    brokerage = new ScriptedBrokerage(false);

    Run run = forOrders("rotate", "--role", "archiver");

    assertThat(run.status()).as(run.err()).isZero();
    assertThat(brokerage.asked()).containsExactly("issue archiver");
    assertThat(run.out()).contains("\"accessKeyId\": \"id1\"");
    assertThat(run.err()).contains("NOTE: the old ones were not ended: this store ends none");
  }

  @Test
  void revokeAsks() {
    Run nobody = forOrders("revoke");
    prompt = _ -> Optional.of("no");
    Run no = forOrders("revoke");
    List<String> before = List.copyOf(brokerage.asked());
    Run yes = forOrders("revoke", "--role", "restorer", "--yes");

    assertThat(nobody.status()).isEqualTo(2);
    assertThat(no.status()).isEqualTo(4);
    assertThat(before).isEmpty();
    assertThat(yes.status()).as(yes.err()).isZero();
    assertThat(brokerage.asked()).containsExactly("revoke restorer");
  }

  @Test
  void revokeIsAFailureWhereTheStoreEndsNone() {
    brokerage = new ScriptedBrokerage(false);

    Run run = forOrders("revoke", "--yes");

    assertThat(run.status()).isEqualTo(4);
    assertThat(run.err()).contains("HINT: ");
  }

  @Test
  void revokeReachesBothFoldersOfAClusterUnlessALineageIsNamed() {
    brokerage.addAdopted("u-0");

    Run both = forOrders("revoke", "--yes");
    Run one = forOrders("revoke", "--uid", "u-0", "--yes");

    assertThat(both.status()).as(both.err()).isZero();
    assertThat(both.err())
        .contains("every credential of shop/orders for pgbackup/shop/orders/ and spilo/orders/");
    assertThat(one.status()).as(one.err()).isZero();
    assertThat(brokerage.asked())
        .containsExactly("revoke all", "revoke all of the adopted", "revoke all of the adopted");
  }

  @ParameterizedTest
  @ValueSource(strings = {"issue", "rotate", "revoke"})
  void aClusterThatIsNotInTheInventoryIsRefused(String verb) {
    Run run = run(verb, "--cluster", "unknown", "--role", "archiver");

    assertThat(run.status()).isEqualTo(9);
    assertThat(run.err())
        .contains("default/unknown is not known", "credentials bootstrap --namespace default");
    assertThat(brokerage.asked()).isEmpty();
  }

  @Test
  void listSaysWhoMayHaveCredentials() {
    Run table = run("list");
    Run json = run("list", "-o", "json");

    assertThat(table.out())
        .isEqualTo(
            """
            NAMESPACE  CLUSTER  FOLDER                 BOOTSTRAPPED  LINEAGES
            shop       orders   pgbackup/shop/orders/  no                   1
            """);
    assertThat(table.err()).contains("left out: shop/odd: its folder is odd");
    assertThat(json.out()).contains("\"prefix\": \"pgbackup/shop/orders/\"", "\"u-1\"");
  }

  @Test
  void bootstrapNamesTheClusterAndMakesItsParent() {
    Run run = run("bootstrap", "--namespace", "shop", "--cluster", "new");

    assertThat(run.status()).as(run.err()).isZero();
    assertThat(brokerage.asked()).containsExactly("register shop/new", "bootstrap shop/new");
    assertThat(run.err())
        .contains(
            "pgbackup -c %s credentials issue --namespace shop --cluster new --role archiver"
                .formatted(config));
  }

  @Test
  void anotherLineageThanTheOneThatIsMeantIsRefused() {
    Run known = forOrders("issue", "--role", "restorer", "--uid", "u-1");
    Run unknown = forOrders("issue", "--role", "restorer", "--uid", "u-2");

    assertThat(known.status()).as(known.err()).isZero();
    assertThat(unknown.status()).isEqualTo(9);
  }

  @ParameterizedTest
  @ValueSource(strings = {"Archiver", "all", ""})
  void aRoleThatThereIsNotIsAUsageError(String role) {
    Run run = forOrders("issue", "--role", role);

    assertThat(run.status()).isEqualTo(2);
    assertThat(run.err()).contains("archiver, retention, restorer");
  }

  @Test
  void aSpanThatIsNoneIsAUsageError() {
    Run run = forOrders("issue", "--role", "archiver", "--ttl", "soon");

    assertThat(run.status()).isEqualTo(2);
    assertThat(run.err()).contains("30s or 14d");
  }

  @Test
  void aClusterThatCannotNameASecretIsSaidBeforeAnythingIsIssued() {
    Run run = run("issue", "--cluster", "Orders_1", "--role", "archiver", "-o", "secret");

    assertThat(run.status()).isEqualTo(2);
    assertThat(run.err()).contains("no name of a Secret");
    assertThat(brokerage.asked()).isEmpty();
  }

  @Test
  void otherVerbsDoNotHaveACredentialsForms() {
    Run run = Run.of("version", "-o", "env");

    assertThat(run.status()).isEqualTo(2);
    assertThat(run.err()).contains("'pgbackup version' is written as table or json, not as env");
  }

  @Test
  void withoutAConfigurationItSaysWhichOneIsNeeded() {
    Run run = Run.of("credentials", "list");

    assertThat(run.status()).isEqualTo(2);
    assertThat(run.err()).contains("section 'broker'", "--config FILE");
  }

  @Test
  void withoutAVerbItsUseIsShown() {
    Run run = Run.of("credentials");

    assertThat(run.status()).isEqualTo(2);
    assertThat(run.err()).contains("Usage: pgbackup credentials", "bootstrap", "rotate");
  }
}
