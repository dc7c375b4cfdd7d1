package io.pgbackup.credentials.minio;

import io.pgbackup.config.AccessKeys;
import io.pgbackup.credentials.minio.SignedHttp.Answer;
import io.pgbackup.credentials.policy.AccessPolicy;
import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import javax.xml.XMLConstants;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.w3c.dom.Document;
import org.w3c.dom.NodeList;
import org.xml.sax.SAXException;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.http.SdkHttpMethod;

/// AssumeRole of MinIO: a session of the user that asks, limited by a policy. Thread-safe.
final class MinioSts {
  /// MinIO's words for "I do not know this key, or its secret is another".
  static final int NOT_KNOWN = 403;

  private final SignedHttp http;

  MinioSts(SignedHttp http) {
    this.http = http;
  }

  /// @param keys as MinIO made them, with a session token
  record Session(AccessKeys keys, Instant expiration) {}

  /// @param policy never empty: without one the session could do all that its parent can
  /// @param label by which the session can be ended
  /// @return nothing if MinIO does not accept the parent's key
  Optional<Session> assumeRole(
      AccessKeys parent, AccessPolicy policy, Duration timeToLive, String label) {
    Map<String, String> form = new LinkedHashMap<>();
    form.put("Action", "AssumeRole");
    form.put("Version", "2011-06-15");
    form.put("DurationSeconds", Long.toString(timeToLive.toSeconds()));
    form.put("Policy", policy.json());
    form.put("TokenRevokeType", label);
    Answer answer =
        http.send(
            parent,
            new SignedHttp.Request(
                SdkHttpMethod.POST,
                "/",
                Map.of(),
                "sts",
                "application/x-www-form-urlencoded",
                encoded(form)));
    if (answer.status() == NOT_KNOWN) {
      return Optional.empty();
    }
    Document document = xml(answer);
    if (!answer.isSuccess()) {
      String message =
          "MinIO refused a session: %d %s".formatted(answer.status(), text(document, "Code"));
      throw (answer.status() >= 500 || answer.status() == 429
              ? Problem.storageUnavailable(message, "Try again; see MinIO's own log.")
              : Problem.storageFailed(
                  message, "docs/credentials.md says which MinIO releases are known to work."))
          .asException();
    }
    try {
      return Optional.of(
          new Session(
              new AccessKeys(
                  text(document, "AccessKeyId"),
                  text(document, "SecretAccessKey"),
                  Optional.of(text(document, "SessionToken"))),
              Instant.parse(text(document, "Expiration"))));
    } catch (DateTimeException e) {
      throw strange().causedBy(e);
    }
  }

  private static SdkBytes encoded(Map<String, String> form) {
    return SdkBytes.fromUtf8String(
        form.entrySet().stream()
            .map(
                field ->
                    field.getKey()
                        + "="
                        + URLEncoder.encode(field.getValue(), StandardCharsets.UTF_8))
            .collect(Collectors.joining("&")));
  }

  private static Document xml(Answer answer) {
    try {
      DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
      factory.setFeature(XMLConstants.FEATURE_SECURE_PROCESSING, true);
      factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
      var parser = factory.newDocumentBuilder();
      parser.setErrorHandler(null);
      return parser.parse(answer.body().asInputStream());
    } catch (SAXException e) {
      // Its message might show what stands in the document.
      throw strange().asException();
    } catch (IOException | ParserConfigurationException e) {
      throw strange().causedBy(e);
    }
  }

  private static String text(Document document, String element) {
    NodeList found = document.getElementsByTagName(element);
    return found.getLength() == 0 ? "" : found.item(0).getTextContent().strip();
  }

  private static Problem strange() {
    return Problem.storageFailed(
        "what answers at broker.endpoint is not MinIO's STS",
        "Give the address of the S3 API, not of the console.");
  }
}
