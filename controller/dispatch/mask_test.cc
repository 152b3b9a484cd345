// Which commands lose what. A row that must mask holds "hunter2" wherever a secret stands.
#include "controller/dispatch/mask.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace parallax::dispatch {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(MaskCommand, SecretsAreMasked) {
  for (const char* command : {
           "env PGPASSWORD=hunter2 agent",
           "env DB_PW=hunter2 agent",
           "env DBPW=x DB_PWD=hunter2 agent",
           "env MYSQL_PWD=hunter2 agent",
           "env DB_PASSWD=hunter2 agent",
           "env KEY_PASSPHRASE=hunter2 agent",
           "env APIKEY=hunter2 agent",
           "env API_KEY=hunter2 agent",
           "env GITHUB_PAT=hunter2 agent",
           "env SESSION_COOKIE=hunter2 agent",
           "env URL_SIG=hunter2 agent",
           "env REDISCLI_AUTH=hunter2 agent",
           "env SSHPASS=hunter2 sshpass -e ssh h agent",
           "env AWS_SECRET_ACCESS_KEY=hunter2 agent",
           "env AWS_SESSION_TOKEN=hunter2 agent",
           "env 'PGPASSWORD=my hunter2' agent",
           "env \"API_KEY=x hunter2 z\" agent",
           "env PGPASSWORD='a'\"hunter2\" agent",
           "env PGPASSWORD=a\\ hunter2 agent",
           "env JWT=hunter2 agent",
           "mysql -phunter2 -h db app",
           "mysql -h db -uapp -phunter2 app",
           "/usr/bin/mysqldump -phunter2 app",
           "mariadb -phunter2",
           "docker exec -i db mysql -phunter2 app",
           "sh -c 'mysql -phunter2 app'",
           "sh -c \"mysql -phunter2 app\"",
           "mongo -p hunter2 db",
           "mongosh -u app -p hunter2 --host db",
           "sshpass -p hunter2 ssh host agent",
           "sshpass -phunter2 ssh host agent",
           "redis-cli -a hunter2 ping",
           "redis-cli -h c AUTH hunter2",
           "ldapsearch -w hunter2 -x",
           "sqlcmd -S db -P hunter2",
           "clickhouse-client --password hunter2",
           "vault login hunter2",
           "vault login -address=https://v.test hunter2",
           "docker login -u me -p hunter2 registry.test",
           "az login -u me -p hunter2",
           "oc login --token=hunter2 https://api.test",
           "curl -H 'X-Api: hunter2' https://h",
           "curl -H \"X-Api: hunter2\" https://h",
           "curl -H X-Api:hunter2 https://h",
           "curl -H'X-Thing: hunter2' https://h",
           "curl --header 'X-Whatever: hunter2' https://h",
           "curl --header='X-Whatever: hunter2' https://h",
           "sh -c 'curl -H \"X-Api: hunter2\" h'",
           "sh -c \"curl -H \\\"X-Api: hunter2\\\" h\"",
           "curl -H 'Authorization: Bearer hunter2' https://h",
           "curl -H 'Authorization: Basic hunter2' https://h",
           "curl -H 'Cookie: a=hunter2' https://h",
           "curl -b 'a=hunter2' https://h",
           "curl --cookie hunter2 https://h",
           "curl -u me:hunter2 h",
           "curl -ume:hunter2 h",
           "curl --user 'me:hunter2' h",
           "curl --user=me:hunter2 h",
           "smbclient -U me%hunter2 //h/s",
           "curl https://h/x?sig=hunter2",
           "curl 'https://h/x?a=1&code=hunter2'",
           "curl https://h/x?%74oken=hunter2",
           "curl https://h/x?X-Amz-Signature=hunter2",
           "curl -d '{\"password\":\"hunter2\"}' h",
           "curl -d '{\"api_key\": \"hunter2\", \"a\": 1}' h",
           "sh -c \"curl -d '{\\\"password\\\":\\\"hunter2\\\"}' h\"",
           "psql postgres://app:hunter2@db/app",
           "psql 'host=db password=hunter2 user=app'",
           "env DATABASE_URL=postgres://a:hunter2@b/ agent",
           "x --token hunter2 y",
           "x --password 'hunter2 too' y",
           "x --auth hunter2",
           "x --bearer=hunter2",
           "x 'bearer hunter2'",
           "gpg --passphrase hunter2 -d f",
           "openssl enc -passin pass:hunter2",
           "java -Dspring.datasource.password=hunter2 -jar a",
           "kubectl create secret generic s --from-literal=password=hunter2",
           "env X=eyJhbGciOiJIUzI1NiJ9.eyJodW50ZXIyIjoiMSJ9.hunter2 TOKEN=hunter2 agent",
       }) {
    EXPECT_THAT(MaskCommand(command), Not(HasSubstr("hunter2"))) << command;
    EXPECT_THAT(MaskCommand(command), HasSubstr("***")) << command;
  }
}

TEST(MaskCommand, WordsThatNobodyMadeUpAreMasked) {
  for (const char* word : {"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLE123", "ghp_0123456789abcdef0123456789abcdef0123",
                           "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0eF3hJ6", "sk_live_0123456789abcdef"}) {
    for (const char* before : {"agent --thing ", "agent -x ", "agent ", "agent --thing="}) {
      EXPECT_THAT(MaskCommand(std::string(before) + word), Not(HasSubstr(word))) << before;
    }
  }
}

// It is how the user knows which side is which.
TEST(MaskCommand, WhatIsNoSecretStays) {
  for (const std::string command : {
           "ssh -p 2222 me@host agent stdio",
           "ssh -o StrictHostKeyChecking=no -o PubkeyAuthentication=yes host agent",
           "ssh -i /home/me/.ssh/id_ed25519 -J bastion.test host parallax-agent stdio",
           "ssh -L 15432:db.internal:5432 host agent",
           "sudo -u postgres agent stdio",
           "sudo -H -u postgres agent stdio",
           "docker exec -i registry/auth:1.2 agent stdio",
           "docker -H tcp://10.0.0.1:2375 exec -i app agent stdio",
           "docker -H ssh://me@host exec -i app agent stdio",
           "docker -H dock.test:2375 exec -i app agent stdio",
           "docker exec -i 4c01db0b339c4c01db0b339c4c01db0b339c4c01db0b339c4c01db0b339c4c01 agent stdio",
           "docker run --rm -i -p 8080:80 "
           "image@sha256:4c01db0b339c4c01db0b339c4c01db0b339c4c01db0b339c4c01db0b339c4c01 agent",
           "docker login registry.test",
           "kubectl exec -i deploy/app -n prod -c main -- parallax-agent stdio",
           "kubectl --context arn:aws:eks:eu-central-1:123456789012:cluster/Prod exec -i app-6d4cf56db6-x2x7k -- agent "
           "stdio",
           "kubectl --kubeconfig /home/me/.kube/config exec -i pod -- agent stdio",
           "env PGPASSFILE=/home/me/.pgpass agent stdio",
           "env PGHOST=db PGUSER=app PGSSLMODE=require agent stdio",
           "env LC_ALL=C PATH=/usr/bin agent stdio",
           "env KEYSPACE=a AUTHOR=b agent",
           "env KUBECONFIG=/home/me/.kube/config agent",
           "env HOME=/root agent",
           "mysql -h db -P 3306 -u app app",
           "mysql -u app --protocol=tcp db",
           "psql -h db -p 5432 -U app app",
           "psql postgres://app@db.internal:5432/app?sslmode=require",
           "mongosh --host db --port 27017",
           "redis-cli -h cache -p 6379 ping",
           "curl -H 'Accept: application/json' https://h/health",
           "curl -H 'Content-Type: text/plain' -H 'Host: app.test' https://h",
           "curl -H User-Agent:me https://h",
           "curl https://h/x?keyspace=a&author=b&code_version=3",
           "curl -u https://h",
           "curl -s -o /dev/null https://h:8443/path",
           "aws ssm start-session --target i-0123456789abcdef0 --document-name AWS-StartSSHSession",
           "aws ssm start-session --target i-0123456789abcdef0 --parameters portNumber=22",
           "aws --profile prod --region eu-central-1 ecs describe-tasks",
           "gcloud compute ssh vm-1 --zone europe-west3-a --tunnel-through-iap -- agent stdio",
           "flyctl ssh console -a app -C 'parallax-agent stdio'",
           "sh -c 'cd /opt && exec ./parallax-agent stdio'",
           "sh -c \"exec parallax-agent stdio\"",
           "nsenter -t 4711 -n parallax-agent stdio",
           "ip netns exec inside parallax-agent stdio",
           "chroot /srv/app /usr/local/bin/parallax-agent stdio",
           "/home/me/Projects/Parallax2025/build/release/bin/parallax-agent stdio",
           "timeout 30 parallax-agent stdio --log info",
           "podman exec -i app parallax-agent stdio",
           "lxc exec app -- parallax-agent stdio",
           "tsh ssh --proxy=teleport.test me@node agent stdio",
           "",
       }) {
    EXPECT_EQ(MaskCommand(command), command);
  }
}

}  // namespace
}  // namespace parallax::dispatch
