<?php

declare(strict_types=1);

namespace Example\Mail;

interface Transport
{
    public function send(string $to, string $body): void;
}

const RETRIES = 3;

/** Sends letters one by one and remembers what did not arrive. */
final class Mailer
{
    /** @var string[] */
    private array $failed = [];

    public function __construct(private Transport $transport)
    {
    }

    /**
     * Sends a letter, and again where the transport refuses it, at most RETRIES times. An address that fails for good
     * is remembered, so that the caller may look at all of them at the end and not after each one.
     */
    #[Deprecated]
    public function deliver(string $to, string $body): bool
    {
        for ($attempt = 0; $attempt < RETRIES; $attempt++) {
            try {
                $this->transport->send($to, $body);
                return true;
            } catch (\RuntimeException $error) {
                error_log("attempt $attempt for $to: " . $error->getMessage());
            }
        }
        $this->failed[] = $to;
        return false;
    }

    /** @return string[] */
    public function failed(): array
    {
        return $this->failed;
    }
}

function greeting(string $name): string
{
    return "Dear $name,";
}
