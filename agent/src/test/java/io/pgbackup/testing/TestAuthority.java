package io.pgbackup.testing;

import io.pgbackup.config.PgBackupConfig.StorageConfig;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/// A certificate authority of our own, made by the JDK's keytool, and servers' certificates by it.
public final class TestAuthority {
  private static final char[] PASSWORD = "changeit".toCharArray();
  private static final String ENTRY = "entry";

  private final Path directory;

  private TestAuthority(Path directory) {
    this.directory = directory;
    keytool(
        "authority",
        List.of("-genkeypair", "-dname", "CN=Test Authority", "-keyalg", "EC", "-ext", "bc:c"));
    writePem(certificateFile(), "CERTIFICATE", certificate("authority"));
  }

  /// The same store, reached with an authority beside the system's.
  public static StorageConfig trusting(StorageConfig storage, Path caFile) {
    return new StorageConfig(
        storage.url(),
        storage.endpoint(),
        storage.region(),
        storage.pathStyle(),
        Optional.of(caFile),
        storage.credentials(),
        storage.prefix());
  }

  public static TestAuthority in(Path directory) {
    return new TestAuthority(directory);
  }

  /// The authority's certificate, PEM.
  public Path certificateFile() {
    return directory.resolve("authority.pem");
  }

  /// Makes `public.crt` and `private.key`, the names MinIO expects, in a new folder.
  ///
  /// @param subjectAlternativeName for instance `ip:127.0.0.1` or `dns:store.example`
  public Path serverFiles(String subjectAlternativeName) {
    String name = issue(subjectAlternativeName);
    Path files = directory.resolve(name + "-files");
    try {
      Files.createDirectory(files);
      writePem(files.resolve("public.crt"), "CERTIFICATE", certificate(name));
      Key key = store(name).getKey(ENTRY, PASSWORD);
      writePem(files.resolve("private.key"), "PRIVATE KEY", key.getEncoded());
      return files;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  /// For a server in this JVM.
  public SSLContext serverContext(String subjectAlternativeName) {
    try {
      var keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      keys.init(store(issue(subjectAlternativeName)), PASSWORD);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(keys.getKeyManagers(), null, null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private String issue(String subjectAlternativeName) {
    String name = "server-" + subjectAlternativeName.replaceAll("[^a-z0-9]", "-");
    if (Files.exists(storeFile(name))) {
      return name;
    }
    Path request = directory.resolve(name + ".csr");
    Path certificate = directory.resolve(name + ".pem");
    keytool(name, List.of("-genkeypair", "-dname", "CN=" + name, "-keyalg", "EC"));
    keytool(name, List.of("-certreq", "-file", request.toString()));
    keytool(
        "authority",
        List.of(
            "-gencert",
            "-rfc",
            "-ext",
            "san=" + subjectAlternativeName,
            "-infile",
            request.toString(),
            "-outfile",
            certificate.toString()));
    try {
      Files.writeString(
          certificate, Files.readString(certificateFile()), StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    keytool(name, List.of("-importcert", "-noprompt", "-file", certificate.toString()));
    return name;
  }

  private byte[] certificate(String name) {
    try {
      Certificate certificate = store(name).getCertificate(ENTRY);
      return certificate.getEncoded();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private KeyStore store(String name) {
    try (InputStream file = Files.newInputStream(storeFile(name))) {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(file, PASSWORD);
      return store;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private Path storeFile(String name) {
    return directory.resolve(name + ".p12");
  }

  private static void writePem(Path file, String kind, byte[] content) {
    String body = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(content);
    try {
      Files.writeString(
          file, "-----BEGIN " + kind + "-----\n" + body + "\n-----END " + kind + "-----\n");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void keytool(String store, List<String> arguments) {
    var command = new ArrayList<String>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
    command.addAll(arguments);
    command.addAll(
        List.of(
            "-alias",
            ENTRY,
            "-keystore",
            storeFile(store).toString(),
            "-storetype",
            "PKCS12",
            "-storepass",
            new String(PASSWORD)));
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (process.waitFor() != 0) {
        throw new IllegalStateException("keytool " + arguments.getFirst() + ": " + output);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }
}
