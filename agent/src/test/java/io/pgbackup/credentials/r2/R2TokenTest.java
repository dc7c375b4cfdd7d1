package io.pgbackup.credentials.r2;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.pgbackup.config.AccessKeys;
import io.pgbackup.credentials.policy.ClusterScope;
import io.pgbackup.credentials.policy.Role;
import io.pgbackup.store.StoreFolder;
import java.net.URI;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.AlphaChars;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class R2TokenTest {
  private static final String ACCOUNT = "0123456789abcdef0123456789abcdef";
  private static final URI ENDPOINT =
      URI.create("https://0123456789abcdef0123456789abcdef.r2.cloudflarestorage.com");
  // SHA-256 of "example-token-value", as Cloudflare derives it from a token
  private static final AccessKeys PARENT =
      new AccessKeys(
          "11111111111111111111111111111111",
          "2d38400385ce4bd5280b72ae6c99e3d821c1fe3a53ab9887c59e4d58bbee60d9",
          Optional.empty());
  private static final Instant ISSUED = Instant.ofEpochSecond(1_700_000_000);
  private static final Instant END = Instant.ofEpochSecond(1_700_003_600);

  private static R2Token token(Role role, String folder) {
    return new R2Token(
        ACCOUNT, ENDPOINT, new ClusterScope("backups", StoreFolder.of(folder)), role, ISSUED, END);
  }

  // Worked out by another program (Python's hmac), not by the class under test.
  @Test
  void signsAsDocumentedByteForByte() {
    // when
    AccessKeys keys = token(Role.ARCHIVER, "fleet/c1").signedBy(PARENT);

    // then
    assertThat(keys.accessKeyId()).isEqualTo(PARENT.accessKeyId());
    assertThat(keys.secretAccessKey())
        .isEqualTo("d6df11de74b77bd35e7983c8ae4d4b2e8c1509826dd644db374828eefe3e3247");
    assertThat(keys.sessionToken())
        .contains(
            """
            and0L2V5SmhiR2NpT2lKSVV6STFOaUlzSW5SNWNDSTZJa3BYVkNKOS5leUppZFdOclpYUWlPaUppWVdO\
            cmRYQnpJaXdpYzJOdmNHVWlPaUp2WW1wbFkzUXRjbVZoWkMxM2NtbDBaU0lzSW1GamRHbHZibk1pT2xz\
            aVNHVmhaRTlpYW1WamRDSXNJa2RsZEU5aWFtVmpkQ0lzSWt4cGMzUlBZbXBsWTNSelZqRWlMQ0pNYVhO\
            MFQySnFaV04wYzFZeUlpd2lUR2x6ZEZCaGNuUnpJaXdpVUhWMFQySnFaV04wSWl3aVEzSmxZWFJsVFhW\
            c2RHbHdZWEowVlhCc2IyRmtJaXdpVlhCc2IyRmtVR0Z5ZENJc0lrRmliM0owVFhWc2RHbHdZWEowVlhC\
            c2IyRmtJaXdpUTI5dGNHeGxkR1ZOZFd4MGFYQmhjblJWY0d4dllXUWlYU3dpY0dGMGFITWlPbnNpY0hK\
            bFptbDRVR0YwYUhNaU9sc2labXhsWlhRdll6RXZJbDBzSW05aWFtVmpkRkJoZEdoeklqcGJYWDBzSW5O\
            MVlpSTZJakF4TWpNME5UWTNPRGxoWW1Oa1pXWXdNVEl6TkRVMk56ZzVZV0pqWkdWbUlpd2lhWE56SWpv\
            aU1URXhNVEV4TVRFeE1URXhNVEV4TVRFeE1URXhNVEV4TVRFeE1URXhNVEVpTENKaGRXUWlPaUl3TVRJ\
            ek5EVTJOemc1WVdKalpHVm1NREV5TXpRMU5qYzRPV0ZpWTJSbFppNXlNaTVqYkc5MVpHWnNZWEpsYzNS\
            dmNtRm5aUzVqYjIwaUxDSnBZWFFpT2pFM01EQXdNREF3TURBc0ltVjRjQ0k2TVRjd01EQXdNell3TUgw\
            Lm5YcWliSmtjdEhfUi1qY2FEQUFpNHE2OFZUeFQ1TmVlWEsxcjFWdG95UjA=""");
    assertThat(jwt(keys)).hasSize(700).endsWith(".nXqibJkctH_R-jcaDAAi4q68VTxT5NeeXK1r1VtoyR0");
  }

  @Test
  void namesTheAddressOfTheJurisdiction() throws Exception {
    // when
    AccessKeys keys =
        new R2Token(
                ACCOUNT,
                URI.create("https://" + ACCOUNT + ".eu.r2.cloudflarestorage.com"),
                new ClusterScope("backups", StoreFolder.of("fleet/c1")),
                Role.ARCHIVER,
                ISSUED,
                END)
            .signedBy(PARENT);

    // then
    assertThat(claims(keys).path("aud").textValue())
        .isEqualTo(ACCOUNT + ".eu.r2.cloudflarestorage.com");
  }

  @ParameterizedTest
  @EnumSource
  void noRoleMayDoMoreThanItsWork(Role role) throws Exception {
    // when
    JsonNode claims = claims(token(role, "fleet/c1").signedBy(PARENT));
    List<String> actions =
        claims.path("actions").valueStream().map(action -> action.textValue()).toList();

    // then
    assertThat(actions).contains("GetObject", "HeadObject", "ListObjectsV2");
    assertThat(actions)
        .doesNotContain(
            "CopyObject", "UploadPartCopy", "ListMultipartUploads", "GetBucketLocation");
    assertThat(actions.contains("DeleteObject")).isEqualTo(role == Role.RETENTION);
    assertThat(actions.contains("DeleteObjects")).isEqualTo(role == Role.RETENTION);
    assertThat(actions.contains("PutObject")).isEqualTo(role != Role.RESTORER);
    assertThat(actions.contains("CreateMultipartUpload")).isEqualTo(role == Role.ARCHIVER);
    assertThat(claims.path("scope").textValue())
        .isEqualTo(role == Role.RESTORER ? "object-read-only" : "object-read-write");
  }

  @Property
  void isLimitedToOneFolderThatEndsInASlash(
      @ForAll Role role, @ForAll @AlphaChars @StringLength(min = 1, max = 20) String name)
      throws Exception {
    JsonNode paths = claims(token(role, "fleet/" + name).signedBy(PARENT)).path("paths");

    assertThat(paths.path("prefixPaths").valueStream().map(JsonNode::textValue))
        .containsExactly("fleet/" + name + "/");
    assertThat(paths.path("objectPaths")).isEmpty();
  }

  private static String jwt(AccessKeys keys) {
    String text = new String(Base64.getDecoder().decode(keys.sessionToken().orElseThrow()), UTF_8);
    assertThat(text).startsWith("jwt/");
    return text.substring("jwt/".length());
  }

  private static JsonNode claims(AccessKeys keys) throws Exception {
    return new JsonMapper().readTree(Base64.getUrlDecoder().decode(jwt(keys).split("\\.")[1]));
  }
}
