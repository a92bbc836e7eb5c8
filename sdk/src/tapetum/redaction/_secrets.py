"""Secrets of clouds, model vendors and tools. The form of each is in its vendor's documentation.

The first rule that matches names what is found, so those that know more stand first.
"""

from __future__ import annotations

from tapetum.redaction._checks import basic_credentials, mixed_case, password_like, random_looking, varied
from tapetum.redaction._rule import Rule, rule

_ASSIGN = r"(?:\\{0,3}[\"'])?\s{0,3}(?::|=>?)\s{0,3}(?:\\{0,3}[\"'])?"
_W = r"[A-Za-z0-9_-]"

SECRETS: tuple[Rule, ...] = (
    rule("anthropic_key", "secret", "Anthropic API keys", rf"sk-ant-{_W}{{20,512}}", "sk-"),
    rule("openrouter_key", "secret", "OpenRouter API keys", r"sk-or-(?:v1-)?[A-Za-z0-9]{32,128}", "sk-"),
    rule("langfuse_key", "secret", "Langfuse secret keys", r"sk-lf-[0-9a-f-]{36}", "sk-"),
    rule(
        "openai_key", "secret", "OpenAI API keys, of projects, service accounts and admins, and keys of that form",
        rf"sk-(?:proj|svcacct|admin)-{_W}{{20,512}}", "sk-",
    ),
    rule("openai_like_key", "secret", "keys that begin with sk-, as of OpenAI, DeepSeek and LiteLLM",
         rf"sk-{_W}{{20,512}}", "sk-", check=mixed_case),
    rule("google_api_key", "secret", "Google API keys", rf"AIza{_W}{{35}}", "AIza"),
    rule("google_oauth", "secret", "Google OAuth tokens and client secrets",
         rf"ya29\.{_W}{{20,2048}}|GOCSPX-{_W}{{28}}|1//0{_W}{{30,512}}", "ya29.", "GOCSPX-", "1//0"),
    rule("aws_access_key_id", "secret", "AWS access key ids", r"(?:AKIA|ASIA)[A-Z2-7]{16}",
         "AKIA", "ASIA"),
    rule("aws_bedrock_key", "secret", "Amazon Bedrock API keys",
         r"(?:ABSK|bedrock-api-key-)[A-Za-z0-9+/]{60,2048}={0,2}", "ABSK", "bedrock-api-key-"),
    rule("aws_secret_key", "secret", "AWS secret access keys after their name",
         rf"(?i:secret_?(?:access_?)?key){_ASSIGN}(?P<v>[A-Za-z0-9/+]{{40}})(?![A-Za-z0-9/+=])", "secret",
         ignore_case=True, whole_word=False, check=varied),
    rule("azure_key", "secret", "Azure storage, service bus and AI keys, and client secrets",
         r"Key=(?P<v>[A-Za-z0-9+/]{40,88}={0,2})", "Key=",
         whole_word=False),
    rule("azure_ai_key", "secret", "Azure OpenAI and AI services keys", r"[A-Za-z0-9]{52}JQQJ99[A-Za-z0-9]{26}",
         "JQQJ99", lead=52),
    rule("azure_client_secret", "secret", "Microsoft Entra client secrets",
         r"[A-Za-z0-9_~.-]{3}[78]Q~[A-Za-z0-9_~.-]{31,34}", "Q~", lead=4),
    rule("azure_sas", "secret", "signatures of Azure shared access URLs", r"sig=(?P<v>[A-Za-z0-9%+/]{40,100}=?)",
         "sig=", check=random_looking),
    rule("github_token", "secret", "GitHub tokens", rf"gh[pousr]_[A-Za-z0-9]{{36,255}}|github_pat_{_W}{{60,255}}",
         "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"),
    rule("gitlab_token", "secret", "GitLab tokens", rf"gl(?:pat|dt|rt|ptt|cbt)-{_W}{{20,255}}",
         "glpat-", "gldt-", "glrt-", "glptt-", "glcbt-"),
    rule("slack_token", "secret", "Slack tokens", r"xox[abceoprs]-[A-Za-z0-9-]{10,512}|xapp-[A-Za-z0-9-]{20,512}",
         "xox", "xapp-"),
    rule("slack_webhook", "secret", "addresses of Slack webhooks",
         r"hooks\.slack\.com/(?:services|workflows|triggers)/(?P<v>[A-Za-z0-9/_-]{20,200})", "hooks.slack.com/"),
    rule("stripe_key", "secret", "Stripe keys", r"[sr]k_(?:live|test)_[A-Za-z0-9]{16,255}|whsec_[A-Za-z0-9+/]{24,255}",
         "sk_live_", "rk_live_", "sk_test_", "rk_test_", "whsec_"),
    rule("twilio_key", "secret", "Twilio API keys", r"SK[0-9a-f]{32}", "SK"),
    rule("sendgrid_key", "secret", "SendGrid API keys", rf"SG\.{_W}{{22}}\.{_W}{{43}}", "SG."),
    rule("npm_token", "secret", "npm tokens", r"npm_[A-Za-z0-9]{36}", "npm_"),
    rule("pypi_token", "secret", "PyPI tokens", rf"pypi-AgE{_W}{{50,512}}", "pypi-"),
    rule("huggingface_token", "secret", "Hugging Face tokens", r"(?:hf|api_org)_[A-Za-z0-9]{30,64}", "hf_", "api_org_"),
    rule("groq_key", "secret", "Groq API keys", r"gsk_[A-Za-z0-9]{40,64}", "gsk_"),
    rule("replicate_token", "secret", "Replicate tokens", r"r8_[A-Za-z0-9]{37}", "r8_"),
    rule("perplexity_key", "secret", "Perplexity API keys", r"pplx-[A-Za-z0-9]{40,64}", "pplx-"),
    rule("xai_key", "secret", "xAI API keys", r"xai-[A-Za-z0-9]{60,100}", "xai-"),
    rule("nvidia_key", "secret", "NVIDIA API keys", rf"nvapi-{_W}{{50,100}}", "nvapi-"),
    rule("databricks_token", "secret", "Databricks tokens", r"dapi[0-9a-f]{32}(?:-\d)?", "dapi"),
    rule("pinecone_key", "secret", "Pinecone API keys", r"pcsk_[A-Za-z0-9]{4,10}_[A-Za-z0-9]{40,80}", "pcsk_"),
    rule("langsmith_key", "secret", "LangSmith API keys", r"lsv2_(?:pt|sk)_[0-9a-f]{32}_[0-9a-f]{10}|ls__[0-9a-f]{32}",
         "lsv2_", "ls__"),
    rule("wandb_key", "secret", "Weights & Biases API keys: after its name, or of the new form",
         rf"wandb_v1_{_W}{{40,128}}|(?i:wandb)[\w. -]{{0,24}}{_ASSIGN}(?P<v>[0-9a-f]{{40}})\b",
         "wandb", ignore_case=True),
    rule("cohere_key", "secret", "Cohere API keys after its name",
         rf"(?i:cohere)[\w. -]{{0,24}}{_ASSIGN}(?P<v>[A-Za-z0-9]{{40}})\b",
         "cohere", ignore_case=True, check=random_looking),
    rule("mistral_key", "secret", "Mistral API keys after its name",
         rf"(?i:mistral)[\w. -]{{0,24}}{_ASSIGN}(?P<v>[A-Za-z0-9]{{32}})\b", "mistral", ignore_case=True,
         check=random_looking),
    rule("jwt", "secret", "JSON web tokens", rf"eyJ{_W}{{8,8192}}\.eyJ{_W}{{8,8192}}\.{_W}{{0,1024}}", "eyJ",
         needs=".eyJ"),
    rule("private_key", "secret", "private keys in PEM",
         r"-----BEGIN [A-Z0-9 ]{0,32}PRIVATE KEY(?: BLOCK)?-----(?:(?:[^-]|-(?!----)){0,32768}"
         r"-----END [A-Z0-9 ]{0,32}PRIVATE KEY(?: BLOCK)?-----|(?:[A-Za-z0-9+/=\r\n]|\\[nr]){0,32768})",
         "-----BEGIN ", needs="PRIVATE KEY", whole_word=False),
    rule("tapetum_key", "secret", "Tapetum's own keys", rf"tpt_{_W}{{40,64}}", "tpt_"),
    rule("bearer_token", "secret", "tokens after Bearer",
         r"(?i:bearer)(?:\s|\\[nt]|%20|\+){1,3}(?P<v>[A-Za-z0-9._~+/=-]{16,8192})",
         "bearer", ignore_case=True, check=random_looking),
    rule("basic_credentials", "secret", "user and password after Basic",
         r"(?i:basic)\s{1,3}(?P<v>[A-Za-z0-9+/]{6,1024}={0,2})",
         "basic", ignore_case=True, check=basic_credentials),
    rule("url_password", "secret", "passwords in URLs",
         r"://[^\s/:@\"'<>\\\[\]?#]{0,128}:(?P<v>[^\s/@\"'<>\\\[\]]{1,256})@", "://", needs="@", whole_word=False),
    rule("password", "secret", "what is assigned to a password",
         rf"(?i:password|passwd|pwd){_ASSIGN}(?P<v>[^\s\"'\\,;&<>{{}}\[\]$*]{{6,256}})", "passw", "pwd",
         ignore_case=True, whole_word=False, check=password_like),
    rule("assigned_secret", "secret", "what is assigned to an API key, a token or a secret",
         r"(?i:api[_-]?key|subscription-key|(?:access|auth|refresh|session|id|security)[_-]?token|secret(?:[_-]?key)?)"
         rf"{_ASSIGN}"
         r"(?P<v>[A-Za-z0-9_\-./+=~]{16,2048})",
         "api_key", "api-key", "apikey", "subscription-key", "access_token", "access-token", "accesstoken",
         "auth_token", "auth-token", "refresh_token", "refreshtoken", "session_token", "sessiontoken", "id_token",
         "security-token", "secret", ignore_case=True, whole_word=False, check=random_looking),
)  # fmt: skip
"""On by default."""
