"""The lines that phones, mail programs, lists and companies add, in the languages they speak.

How they are written down: see `services.ingest.read.mail.ways_to_say`.
"""

from typing import Final

from services.ingest.read.mail.ways_to_say import pattern

PROGRAMS: Final = pattern(
    r"""
    # English
    (?:sent|written|shared) (?:from|with|via|using|by|on) .{1,100}
    get (?:outlook|gmail|yahoo mail|the app|protonmail|proton mail|mail) .{1,120}
    (?:this (?:e-?mail|message|mail) was )?sent (?:from|with|via|using) .{1,100}
    (?:please )?excuse (?:my |the )?(?:brevity|typos|errors).{0,60}
    yahoo mail.{0,20}: .{1,80}
    # German
    (?:von|mit|aus|ueber|uber) .{1,80}(?:gesendet|geschickt|verschickt)
    (?:diese (?:nachricht|e-?mail|mail) wurde )?(?:von|mit) .{1,80} gesendet.{0,60}
    gesendet (?:von|mit|aus|ueber|uber|vom|via) .{1,100}
    hol(?:e|en sie sich)? (?:dir )?outlook .{1,80}
    outlook (?:fur|fuer) .{1,80}(?: herunterladen| beziehen)
    # French
    envoye(?:e)? (?:de|depuis|a partir de|du|avec|par|via|a l'aide de) .{1,100}
    obten(?:ez|ir) outlook .{1,80}
    telecharger outlook .{1,80}
    provenance : courrier pour windows
    # Italian
    inviat[oa] (?:da|dal|dall'|con|tramite|dalla|via|mediante).{1,100}
    scarica outlook .{1,80}
    ottieni outlook .{1,80}
    # Spanish
    enviado (?:desde|con|por|mediante|via|a traves de) .{1,100}
    obtener outlook .{1,80}
    obten(?:ga)? outlook .{1,80}
    descarga(?:r)? outlook .{1,80}
    # Portuguese
    enviad[oa] (?:do|da|de|pelo|pela|a partir|com|via|por) .{1,100}
    obter (?:o )?outlook .{1,80}
    # Dutch
    (?:verzonden|verstuurd|gestuurd) (?:vanaf|vanuit|met|via|van|door) .{1,100}
    outlook .{1,60} (?:downloaden|ophalen)
    (?:download|haal) outlook .{1,80}
    # Scandinavian, Finnish
    (?:skickat|skickades|sant|sendt) (?:fra|fran|med|via) .{1,100}
    (?:hamta|hent|fa|last ned|skaff) outlook .{1,80}
    lahetetty .{1,100}
    hanki outlook .{1,80}
    # Polish, Czech, Slovak, Hungarian, Romanian, Croatian
    (?:wyslano|wyslane|wiadomosc wyslana) (?:z|ze|za pomoca|przy uzyciu|przez) .{1,100}
    pobierz outlook .{1,80}
    (?:odeslano|odoslane|odeslano) (?:z|ze|pomoci|pomocou|prostrednictvim) .{1,100}
    (?:az |a )?.{1,60}(?:-rol|-bol|-mal|rol|bol|melybol|telefonomrol|keszulekrol) (?:kuldve|\
    kuldott uzenet)
    (?:kuldve|elkuldve|küldve) .{1,100}
    trimis (?:de pe|de la|din|cu|prin) .{1,100}
    (?:poslano|poslato) (?:s|sa|iz|z|pomocu) .{1,100}
    # Greek, Turkish
    (?:στάλθηκε|απεστάλη|εστάλη) (?:από|με|μέσω) .{1,100}
    .{1,60}(?:'?[dt][ae]n|imdan|umdan|ımdan|dan|den|ile) gonderildi
    # Russian, Ukrainian, Bulgarian
    (?:отправлено|послано) (?:с|со|из|от|через|при помощи) .{1,100}
    (?:надіслано|відправлено) (?:з|із|через|від) .{1,100}
    изпратено от .{1,100}
    скачать outlook .{1,80}
    # Chinese, Japanese, Korean
    (?:发自|發自|从我的|從我的|来自|來自|通过|透過|用我的).{1,60}
    (?:获取|取得|下載|下载).{0,10}outlook.{0,60}
    .{1,40}(?:から送信|より送信)(?:されました|されています|しています)?
    .{1,40}(?:outlook).{0,30}(?:を入手|を取得).{0,60}
    .{1,40}(?:에서|로|으로) (?:보냄|보낸 편지|보낸 메일|전송됨|보내짐|발송)
    나의 .{1,40}에서 보냄
    # Hebrew, Arabic, Thai, Vietnamese, Indonesian
    נשלח (?:מ|באמצעות|מה).{1,80}
    (?:أُرسلت|أرسلت|تم الإرسال|مرسل|أرسل|مُرسلة) (?:من|عبر|بواسطة).{1,80}
    ส่งจาก.{1,60}
    (?:duoc gui|đuoc gui|gui) tu .{1,80}
    dikirim dari .{1,80}
    """
)
"""A whole line that a phone or a mail program adds."""

DEVICES: Final = pattern(
    r"""
    iphon|ipad|ipod|android|samsung|galaxy|huawei|xiaomi|redmi|oppo|nokia|blackberry|xperia
    motorola|oneplus|windows ?(?:phone|10|11|mail)?\Z|for windows|fur windows|pour windows|\
    para windows|per windows
    outlook|yahoo|gmail|\baol\b|\bgmx\b|web\.de|t-online|mail orange|proton|tuta|zoho|\bspark\b
    superhuman|airmail|canary|k-9|bluemail|blue mail|thunderbird|fairemail|mailbird|em client|\
    newton
    smartphone|(?:mobile|cell|smart) ?(?:phone|device)|\bmail app\b|app mail|mobile mail|mail fur
    \bmy phone\b|handy|mobiltelefon|mobiltelefonem|\bmobil\b|telephone portable|mon (?:portable|\
    mobile|telephone)
    (?:mi|meu|mio) (?:movil|telefono|celular|telemovel|cellulare)|telefonino|dispositivo|appareil
    手机|手機|邮箱|郵箱|邮件大师|メール|携帯|スマ|휴대|핸드폰|스마트폰|메일
    телефон|смартфон|мобильн|почт|мобільн|κινητό|telefonumdan|telefonom
    יחה|הטלפון|הנייד|الهاتف|جوال|مكتبي|โทรศัพท์|dien thoai|ponsel
    (?:telefon|telefonu|komork|urzadzeni|zarizeni)
    """
)
"""What such a line names: a device, a mail program, a provider of mail."""

OWN_WORDS: Final = pattern(
    r"""
    \b(?:it|they|does|is|was|are|can|but|not|no|why|when|where|my order)\b(?!.{0,20}brevity)
    \b(?:nicht|ist|sind|aber|kein(?:e|en)?|geht|wenn|warum)\b
    \b(?:ne|n'est|pas|est|sont|mais|quand|pourquoi)\b
    \b(?:non|e'|sono|ma|funziona|perche|quando)\b
    \b(?:es|son|pero|funciona|cuando|porque|nao|mas)\b
    \b(?:niet|maar|werkt|ikke|inte|men|nie|ale|не|но|а)\b
    [?？](?:\s|\Z)
    \d{5,}
    \b(?:mistake|error|erreur|sbaglio|tracking|order|colissimo|dhl|ups|gls|brt)\b
    """
)
"""Words of a sentence, that such a line has not."""

FOOTERS: Final = pattern(
    r"""
    (?:to respond|to reply),? (?:to [^.]{0,40},? )?(?:reply|respond|post|click|visit|\
    log)\b[^.]{0,60}
    reply to this e-?mail (?:directly )?(?:or|to)\b
    (?:visit|view) (?:the )?(?:topic|this (?:e-?mail|issue|message|discussion|thread|ticket))\b
    view (?:it|this (?:e-?mail|message|issue|ticket|conversation)) (?:on|in|online)\b
    you(?:'re| are) receiv(?:ing|ed) (?:this|these|it)\b[^.]{0,40}\b(?:because|since|as) (?:you|\
    your|of)\b
    you received this (?:message|e-?mail|mail) because you\b
    to (?:unsubscribe|stop receiving|opt out|manage)\b[^.?]{0,80}\b(?:click|visit|send|go to|\
    follow|reply|use|here|https?)\b
    unsubscribe\b[^.?]{0,60}(?:https?:|click here|: )
    [\w.-]{1,60} mailing list\Z
    (?:message|ticket|reference) id: ?[<\[(]
    um (?:diese|den)\b[^.]{0,40}\b(?:abzubestellen|abbestellen|abmelden),? (?:klicken|antworten|\
    senden)\b
    sie erhalten diese (?:e-?mail|nachricht|mail),? (?:weil|da) sie\b
    antworten sie (?:direkt )?auf diese (?:e-?mail|mail),? (?:oder|um)\b
    (?:vous recevez|vous avez recu) (?:ce|cet|cette) (?:e-?mail|message|courriel|\
    notification) (?:car|parce que) vous\b
    pour (?:vous desabonner|se desabonner|repondre),?\b[^.]{0,60}\b(?:cliquez|repondez)\b
    repondez (?:directement )?a ce (?:message|courriel|e-?mail|mail) (?:ou|pour)\b
    (?:ricevi|ha ricevuto|hai ricevuto|stai ricevendo) (?:questa|questo|queste) (?:e-?mail|\
    messaggio|mail|notifica) (?:perche|in quanto)\b
    per (?:annullare l'iscrizione|cancellarti|disiscriverti|\
    rispondere),?\b[^.]{0,60}\b(?:clicca|fai clic|rispondi)\b
    rispondi (?:direttamente )?a questa (?:e-?mail|mail) (?:o|per)\b
    (?:recibe|recibes|ha recibido|has recibido) este (?:correo|mensaje|e-?mail) porque\b
    para (?:cancelar su suscripcion|darse de baja|dejar de recibir|\
    responder),?\b[^.]{0,60}\b(?:haga clic|haz clic|responda|responde|pulse)\b
    responda (?:directamente )?a este (?:correo|mensaje|e-?mail) (?:o|para)\b
    (?:voce )?(?:recebeu|esta recebendo) est[ea] (?:e-?mail|mensagem) porque\b
    (?:u ontvangt|je ontvangt) (?:deze|dit) (?:e-?mail|bericht|mail) omdat (?:u|je)\b
    """
)
"""How a line begins that a list, a forum or a tracker adds below a mail, and below a rule."""

NOTICES: Final = pattern(
    r"""
    ^\W{0,5}(?:confidentiality|legal|privacy) (?:notice|note|disclaimer)|^\W{0,5}disclaimer\b|\
    ^\W{0,5}(?:notice|important)\b[^.]{0,30}confidential
    (?:e-?mail|message|mail|communication|transmission|attachments?)[^.]{0,200}(?:confidential|\
    privileged|intended (?:only|solely|exclusively)? ?for)
    (?:intended (?:recipient|addressee)|addressee(?:s)? only|not the (?:intended|\
    named) (?:recipient|addressee))
    (?:please )?(?:consider|think (?:about|of)) the environment before|save (?:a tree|paper)
    (?:diese|dieses) (?:e-?mail|nachricht|mail|schreiben)[^.]{0,120}(?:vertraulich|\
    ausschliesslich|nur fur|nur fuer)
    (?:vertrauliche informationen|nicht der (?:richtige|beabsichtigte|\
    bestimmungsgemasse) (?:adressat|empfanger))
    (?:denken sie an die umwelt|umwelt zuliebe|bitte prufen sie,? ob diese)
    (?:ce|cet|cette|le present) (?:message|courriel|e-?mail|mail|\
    courrier)[^.]{0,160}(?:confidentiel|destinataire|exclusif|strictement)
    (?:pensez a l'environnement|n'imprimez ce|avant d'imprimer)
    (?:questo|questa|il presente|la presente|le informazioni contenute|\
    ai sensi)[^.]{0,160}(?:riservat|confidenzial|destinatari|privacy|gdpr|d\.?lgs)
    (?:pensa all'ambiente|prima di stampare|rispetta l'ambiente)
    (?:este|esta|el presente|la informacion contenida)[^.]{0,160}(?:confidencial|destinatari|\
    privilegiad|exclusiv)
    (?:antes de imprimir|piense en el medio|medio ambiente)
    (?:esta mensagem|este e-?mail|este correio)[^.]{0,160}(?:confidencia|destinatari|sigilos)
    (?:dit|deze) (?:e-?mail|bericht|mail)[^.]{0,120}(?:vertrouwelijk|uitsluitend|bestemd)
    (?:detta|denna|denne|dette) (?:e-?post|meddelande|mail|melding|\
    meddelelse)[^.]{0,120}(?:konfidentiell|fortrolig|avsedd|kun beregnet)
    (?:tresc|ta wiadomosc|niniejsza)[^.]{0,120}(?:poufn|adresat|przeznaczon)
    (?:tato zprava|tento e-?mail)[^.]{0,120}(?:duvern|urcen)
    (?:это сообщение|данное (?:сообщение|письмо)|настоящее)[^.]{0,120}(?:конфиденциальн|\
    предназначен)
    (?:scanned|checked|virus-?free|gepruft|verifie|analizzat)[^.]{0,60}(?:avast|avg|antivirus|\
    viruses|viren|virus)
    (?:avast|avg)[^.]{0,40}(?:antivirus|virus)|virus-?free\. ?www|本邮件|\
    本郵件[^。]{0,40}(?:保密|机密|機密)|この(?:メール|電子メール)[^。]{0,60}(?:機密|秘密)
    """
)
"""A company's notice: that a mail is confidential, or should not be printed."""

NAMED_NOTICES: Final = pattern(
    r"""
    \W{0,5}(?:e-?mail )?disclaimer\b
    this (?:e-?mail|message)[^.]{0,80} (?:is|are) (?:confidential[^.]{0,40})?intended (?:only|\
    solely)\b
    \W{0,5}(?:confidentiality|legal|privacy) (?:notice|note|disclaimer|statement)\b
    \W{0,5}(?:vertraulichkeitshinweis|haftungsausschluss|avis de confidentialite|avvertenza|\
    nota legale|aviso legal)\b
    \W{0,5}(?:aviso de confidencialidade?|informativa (?:sulla )?privacy|avviso di riservatezza)\b
    """
)
"""A notice that says that it is one."""

NOTICES_GO_ON: Final = pattern(
    r"""
    if you (?:have received|are not|received)|unauthori[sz]ed|prohibited|liabilit|\
    please (?:notify|delete)|delete (?:it|this)
    sollten sie|irrtumlich|untersagt|si vous (?:avez recu|n'etes)|interdit|qualora|\
    se avete ricevuto|vietat
    si (?:usted|ha recibido)|prohibid|se (?:voce|recebeu)|registered (?:in|office|number)|\
    geschaftsfuhrer|handelsregister|amtsgericht
    """
)
"""A paragraph that may follow in such a notice."""
