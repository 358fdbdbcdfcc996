#!/bin/sh
# Runs in LocalStack's container once it is ready: makes login-queue and login-queue-dlq.
set -eu
export AWS_DEFAULT_REGION=us-east-1

# An image with start scripts of its own, such as the take-home's, makes its own queue.
for script in /docker-entrypoint-initaws.d/*; do
  [ -e "$script" ] && exit 0
done

awslocal sqs create-queue --queue-name login-queue-dlq
# Within a minute of its first receive, a message that cannot be stored is in login-queue-dlq.
awslocal sqs create-queue --queue-name login-queue --attributes '{
  "VisibilityTimeout": "10",
  "RedrivePolicy": "{\"deadLetterTargetArn\": \"arn:aws:sqs:us-east-1:000000000000:login-queue-dlq\", \"maxReceiveCount\": 3}"
}'
