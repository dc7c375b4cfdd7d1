package io.pgbackup.credentials;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.pgbackup.config.ConfigLoader;
import io.pgbackup.config.PgBackupConfig;
import io.pgbackup.config.R2Account;
import io.pgbackup.credentials.broker.Broker.Holder;
import io.pgbackup.credentials.policy.AccessPolicy;
import io.pgbackup.credentials.policy.ClusterScope;
import io.pgbackup.credentials.policy.Role;
import io.pgbackup.credentials.r2.R2Broker;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.store.StoreFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;

/// The policies and tokens on the pages about AWS and R2 are those that the program makes.
class CredentialPagesTest {
  private static final String AWS = "credentials-aws.md";
  private static final String R2 = "credentials-r2.md";

  /// @param words behind `json` where the block begins
  private record Block(String words, JsonNode json) {}

  private static String page(String name) throws IOException {
    return Files.readString(Path.of("..", "docs", name));
  }

  private static List<Block> blocks(String name) throws IOException {
    return Pattern.compile("(?s)```json([^\\n]*)\\n(.*?)```")
        .matcher(page(name))
        .results()
        .map(block -> new Block(block.group(1).strip(), json(block.group(2))))
        .toList();
  }

  private static JsonNode json(String text) {
    try {
      return new JsonMapper().readTree(text);
    } catch (IOException e) {
      throw new AssertionError(text, e);
    }
  }

  private static JsonNode policy(Role role, String folder) {
    return json(AccessPolicy.of(role, new ClusterScope("backups", StoreFolder.of(folder))).json());
  }

  @Test
  void thePoliciesOfTheRolesAreOurs() throws IOException {
    List<Block> ours = blocks(AWS).stream().filter(block -> block.words().contains(" ")).toList();

    assertThat(ours)
        .extracting(Block::words)
        .containsExactly(
            "archiver pgbackup",
            "retention pgbackup",
            "restorer pgbackup",
            "archiver pgbackup/shop/orders");
    assertThat(ours)
        .allSatisfy(
            block -> {
              String[] words = block.words().split(" ");
              assertThat(block.json())
                  .isEqualTo(policy(Role.valueOf(words[0].toUpperCase(Locale.ROOT)), words[1]));
            });
  }

  @Test
  void thePolicyByTagsIsTheArchiversWhereTheTagsArePutIn() throws IOException {
    Block tags =
        blocks(AWS).stream().filter(block -> block.words().equals("tags")).findAny().orElseThrow();

    String filled =
        tags.json()
            .toString()
            .replace("${aws:PrincipalTag/kubernetes-namespace}", "shop")
            .replace("${aws:PrincipalTag/kubernetes-service-account}", "orders");

    assertThat(json(filled)).isEqualTo(policy(Role.ARCHIVER, "pgbackup/shop/orders"));
  }

  @Test
  void everyOtherPolicyIsOfThisVersionAndSaysWhatItDoes() throws IOException {
    List<JsonNode> others =
        blocks(AWS).stream().map(Block::json).filter(json -> json.has("Statement")).toList();

    assertThat(others)
        .hasSize(10)
        .allSatisfy(
            policy -> {
              assertThat(policy.path("Version").textValue()).isEqualTo("2012-10-17");
              assertThat(policy.path("Statement"))
                  .isNotEmpty()
                  .allSatisfy(
                      statement ->
                          assertThat(statement.properties())
                              .extracting(Map.Entry::getKey)
                              .contains("Effect", "Action"));
            });
  }

  @Test
  void theTokenOfR2IsWhatIsSigned() throws IOException {
    // given
    JsonNode shown =
        blocks(R2).stream()
            .filter(block -> block.words().equals("archiver"))
            .findAny()
            .orElseThrow()
            .json();
    var account = new R2Account(shown.path("sub").textValue(), R2Account.Jurisdiction.EU);
    String parent = shown.path("iss").textValue();
    var issued = Instant.ofEpochSecond(shown.path("iat").longValue());

    // when
    CredentialDocument document;
    try (var broker =
        new R2Broker(
            account,
            account.endpoint(),
            () -> AwsBasicCredentials.create(parent, "0".repeat(64)),
            InstantSource.fixed(issued))) {
      document =
          broker.issue(
              new Holder(
                  new ClusterId("shop", "orders"),
                  new ClusterScope("backups", StoreFolder.of("pgbackup/shop/orders"))),
              Role.ARCHIVER,
              Optional.empty());
    }

    // then
    String jwt =
        new String(Base64.getDecoder().decode(document.keys().sessionToken().orElseThrow()), UTF_8);
    assertThat(json(new String(Base64.getUrlDecoder().decode(jwt.split("\\.")[1]), UTF_8)))
        .isEqualTo(shown);
  }

  @ParameterizedTest
  @ValueSource(strings = {AWS, R2})
  void theConfigurationIsRead(String name) throws IOException {
    String yaml =
        Pattern.compile("(?s)( *)```yaml\\n(.*?)```")
            .matcher(page(name))
            .results()
            .map(match -> match.group(2).indent(-match.group(1).length()))
            .findAny()
            .orElseThrow();

    PgBackupConfig config =
        new ConfigLoader(Map.of("PGBACKUP_CLUSTER_NAME", "any")).parse(name, yaml);

    assertThat(config.broker()).isPresent();
  }
}
