package io.pgbackup.testing;

import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.containers.MinIOContainer;

/// MinIO's image on a fixed port of the loopback interface, so that it can be stopped and started.
final class MinioContainer implements Minio {
  private static final String IMAGE = "minio/minio:RELEASE.2025-09-07T16-13-09Z";

  private final MinIOContainer container;
  private final URI endpoint;

  private MinioContainer(int port) {
    this.endpoint = URI.create("http://127.0.0.1:" + port);
    this.container =
        new MinIOContainer(IMAGE)
            .withUserName(S3Server.ACCESS_KEY)
            .withPassword(S3Server.SECRET_KEY);
    container.setPortBindings(List.of("127.0.0.1:" + port + ":9000"));
    container.start();
    Minio.awaitReady(endpoint, () -> {});
  }

  static Optional<MinioContainer> start() {
    return daemonMayAnswer() && DockerClientFactory.instance().isDockerAvailable()
        ? Optional.of(new MinioContainer(FreePort.find()))
        : Optional.empty();
  }

  // Testcontainers takes seconds to find out that there is none.
  private static boolean daemonMayAnswer() {
    return System.getenv("DOCKER_HOST") != null
        || Files.exists(Path.of("/var/run/docker.sock"))
        || Files.exists(Path.of(System.getProperty("user.home"), ".docker", "run", "docker.sock"));
  }

  @Override
  public URI endpoint() {
    return endpoint;
  }

  @Override
  public void stop() {
    container.getDockerClient().stopContainerCmd(container.getContainerId()).exec();
  }

  @Override
  public void startAgain() {
    container.getDockerClient().startContainerCmd(container.getContainerId()).exec();
    Minio.awaitReady(endpoint, () -> {});
  }

  @Override
  public void close() {
    container.close();
  }
}
